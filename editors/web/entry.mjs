// The parts of CodeMirror that the drafter's page uses, and no others.
export { EditorState, StateEffect, StateField, Compartment, RangeSetBuilder } from '@codemirror/state';
export {
  EditorView, Decoration, ViewPlugin, WidgetType, keymap, lineNumbers, highlightActiveLine, highlightActiveLineGutter,
  drawSelection, dropCursor, hoverTooltip, showPanel,
} from '@codemirror/view';
export { defaultKeymap, history, historyKeymap, indentMore, indentLess } from '@codemirror/commands';
export { autocompletion, completionKeymap, closeCompletion, startCompletion } from '@codemirror/autocomplete';
export { setDiagnostics, lintGutter, lintKeymap, forEachDiagnostic } from '@codemirror/lint';
export { search, searchKeymap, highlightSelectionMatches } from '@codemirror/search';
export { indentUnit } from '@codemirror/language';
