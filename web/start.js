// Where a page of incidents, map, access, draft or lab begins: the address says which module shows it.
import { begin } from './frame.js';

const MODULES = { '/incidents': './incidents.js', '/map': './points.js', '/access': './access.js', '/draft': './draft.js', '/lab': './lab.js' };
const here = location.pathname;
begin(await import(here.startsWith('/incidents/') ? './incident.js' : MODULES[here] ?? './incidents.js'));
