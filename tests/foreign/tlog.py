"""Reads a log of servanda with the package aics-tlog, which knows nothing of servanda.

    tlog.py LOG LOG-VKEY WITNESS-VKEYS STEP

WITNESS-VKEYS are separated by commas; all of them must have cosigned. First the log must be accepted, whole. Then every STEP-th byte of
every file is changed in memory, one at a time, and each must be noticed.
"""

import sys
from pathlib import Path

from aics_tlog import (
    audit_tiles,
    consistency_proof_from_tiles,
    inclusion_proof_from_tiles,
    leaf_hash,
    parse_note,
    parse_vkey,
    read_entry,
    tree_root_from_tiles,
    verify_checkpoint,
    verify_consistency,
    verify_leaf_inclusion,
)
from aics_tlog.tiles import entry_bundle_path, tile_path


class Files:
    """A log in memory: the bytes of each file by its path."""

    def __init__(self, files):
        self.files = files

    def read_tile(self, level, index, width):
        return self.files.get(tile_path(level, index, width))

    def read_entry_bundle(self, index, width):
        return self.files.get(entry_bundle_path(index, width))


def verify(files, log, witnesses):
    """The size of the log; an error where anything is not as it should be."""
    answer = verify_checkpoint(parse_note(files["checkpoint"].decode()), log, witnesses, len(witnesses))
    if not answer.ok:
        raise ValueError(answer.error)
    if answer.size:
        audit_tiles(Files(files), answer.size, answer.root)
    return answer.size, answer.root


def main(folder, log, witnesses, step):
    log = parse_vkey(log)
    witnesses = [parse_vkey(key) for key in witnesses.split(",")]
    root = Path(folder)
    files = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    size, head = verify(files, log, witnesses)
    reader = Files(files)
    for index in range(0, size, 13):
        entry = read_entry(reader, index, size)
        proof = inclusion_proof_from_tiles(reader, index, size)
        assert verify_leaf_inclusion(entry, index, size, proof, head), f"entry {index}"
        assert leaf_hash(entry), f"entry {index}"
    for old in range(1, size, 17):
        proof = consistency_proof_from_tiles(reader, old, size)
        past = tree_root_from_tiles(reader, old, size)
        assert verify_consistency(old, size, past, head, proof), f"size {old}"

    names = sorted(name for name in files if name == "checkpoint" or name.startswith("tile/"))
    changed = 0
    for name in names:
        good = files[name]
        for at in [*range(0, len(good), 1 if name == "checkpoint" else step), None]:
            bad = bytearray(good)
            if at is None:
                del files[name]
            else:
                bad[at] ^= 1 << (at % 8)
                files[name] = bytes(bad)
            try:
                verify(files, log, witnesses)
            except Exception:  # however it says no
                changed += 1
            else:
                sys.exit(f"byte {at} of {name} was changed, and nothing noticed")
        files[name] = good
    print(f"aics-tlog: {size} entries accepted, {changed} changes noticed in {len(names)} files")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
