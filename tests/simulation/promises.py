"""What must hold: at each write to the table, at each deletion in the bucket, and once the world has come to rest.

Reads the tables of the simulation directly; calls nothing of what it judges.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from chalicelib.metadata.items import Item, from_item
from tests.simulation.memory_bucket import HOME_TAG, QUARANTINE, MemoryBucket, Version
from tests.simulation.memory_table import Change, MemoryTable
from tests.simulation.stage import BrokenPromiseError

IN = {"uploaded", "downloaded"}
# From which status a file may come to which; "" is a file that is not there.
ALLOWED = {
    "": {"pending", "uploaded"},
    "pending": {"", "uploaded", "refused"},
    "uploaded": {"downloaded", "trashed", "lost"},
    "downloaded": {"uploaded", "trashed", "lost"},
    "lost": {"uploaded", "downloaded", "trashed"},
    "trashed": {"uploaded", "downloaded", "lost", "purging"},
    "purging": {""},
    "refused": {"purging"},
}
UNCOUNTED = {"", "refused"}


class FileChange(NamedTuple):
    """A file before and after a write; what is not there is empty."""

    file_id: str
    before: Item
    after: Item


class Promises:
    """Judges one owner's world."""

    def __init__(self, table: MemoryTable, bucket: MemoryBucket, owner_id: str) -> None:
        self.table, self.bucket, self.owner = table, bucket, f"owner#{owner_id}"
        # What each PC has: the hash of each file, or nothing of one that is damaged and not yet told of.
        self.disks: dict[str, dict[str, str]] = {}
        self.transitions: Counter[tuple[str, str]] = Counter()
        self.arrived: dict[str, set[str]] = {}
        self.undeclared: set[str] = set()
        # What came in and went home in each month: no file shows it any more.
        self.happened: Counter[str] = Counter()
        table.committed = self.at_a_write
        bucket.dropped = self.at_a_deletion

    # What is in the table

    def file(self, file_id: str) -> Item:
        return _plain(self.table.item(self.owner, f"file#{file_id}"))

    def files(self) -> dict[str, Item]:
        items = self.table.partitions.get(self.owner, {})
        return {sk.removeprefix("file#"): _plain(item) for sk, item in items.items() if sk.startswith("file#")}

    def pcs(self) -> set[str]:
        return set(_plain(self.table.item(self.owner, "profile")).get("pcs", {}))

    def is_owed(self, device_id: str, file_id: str) -> bool:
        return self.table.item(f"pc#{device_id}", f"owed#{file_id}") is not None

    # At each write

    def at_a_write(self, changes: Sequence[Change]) -> None:
        files = list(_files(changes))
        for change in files:
            self._check_transition(change)
            self._check_file(change.file_id, change.after)
            self._check_home(change)
        self._check_debts(changes, files)
        self._check_counters(changes, files)

    def _check_transition(self, change: FileChange) -> None:
        was, now = change.before.get("status", ""), change.after.get("status", "")
        self.transitions[was, now] += 1
        promise(was == now or now in ALLOWED[was], f"file {change.file_id} went from {was!r} to {now!r}")
        if (was, now) == ("", "pending"):
            self._check_beginning(change)
        if now == "uploaded" and was in ("", "pending"):
            declared = change.before.get("sha256")
            promise(declared in (None, change.after["sha256"]), f"file {change.file_id} has another hash than declared")
            self.undeclared |= {change.after["sha256"]} if declared is None else set()
            self._check_arrival(change.after)
            self.arrived.setdefault(change.after["sha256"], set()).add(change.file_id)

    def _check_beginning(self, change: FileChange) -> None:
        """Judge that contents are begun once; of what came without a word nobody could know before."""
        sha256, same = change.after.get("sha256"), []
        if sha256 and sha256 not in self.undeclared:
            same = [file_id for file_id, file in self.files().items() if _holds(file, sha256, self.pcs())]
        promise(same in ([], [change.file_id]), f"{same} are begun with the same contents")

    def _check_arrival(self, file: Item) -> None:
        stored = self.bucket.find(file["key"], file["versionId"])
        promise(stored is not None, f"{file['key']} was called uploaded, its version is not in the bucket")
        assert stored
        promise(stored.sha256() == file["sha256"], f"{file['key']} was called uploaded with the hash of other bytes")
        promise(len(stored.body or b"") == file["size"], f"{file['key']} was called uploaded with another size")

    def _check_file(self, file_id: str, file: Item) -> None:
        if not file:
            return
        status, home, owed_to = file["status"], set(file.get("home", {})), file.get("owedTo", frozenset())
        promise(not home & owed_to, f"file {file_id} is owed to a PC that has it")
        promise(not owed_to or status == "uploaded", f"file {file_id} is {status} and owed to {sorted(owed_to)}")
        promise(status != "downloaded" or bool(home), f"file {file_id} is downloaded and nowhere at home")
        promise(status != "pending" or not home, f"file {file_id} is pending and at home")
        promise(not (owed_to and "taggedAt" in file), f"file {file_id} is owed while its cloud copy leaves")
        promise(status not in ("pending", "trashed") or "dueAt" in file, f"file {file_id} is {status}, due never")

    def _check_home(self, change: FileChange) -> None:
        for device_id in set(change.after.get("home", {})) - set(change.before.get("home", {})):
            has = self.disks.get(device_id, {}).get(change.file_id)
            promise(has == change.after["sha256"], f"file {change.file_id} is called at home at a PC that has it not")
            promise(device_id in self.pcs(), f"file {change.file_id} came home to a PC that was revoked before")

    def _check_debts(self, changes: Sequence[Change], files: Sequence[FileChange]) -> None:
        pairs = {(device, one.file_id) for one in files for device in _owed_to(one.before) | _owed_to(one.after)}
        for (pk, sk), _, _ in changes:
            if sk.startswith("owed#"):
                pairs.add((pk.removeprefix("pc#"), sk.removeprefix("owed#")))
        for device_id, file_id in pairs:
            named = device_id in _owed_to(self.file(file_id))
            written = self.is_owed(device_id, file_id)
            promise(
                named == written, f"file {file_id}: owed to {device_id}, says the file: {named}, the ledger: {written}"
            )

    def _check_counters(self, changes: Sequence[Change], files: Sequence[FileChange]) -> None:
        moved: Counter[str] = Counter()
        for (_, sk), before, after in changes:
            if sk.startswith("usage#"):
                moved.update(_numbers(after))
                moved.subtract(_numbers(before))
        counted = _count(one.after for one in files)
        counted.subtract(_count(one.before for one in files))
        for one in files:
            counted.update(_happened(one))
            self.happened.update(_happened(one))
        promise(_some(moved) == _some(counted), f"the counters moved by {_some(moved)}, the files by {_some(counted)}")

    # At each deletion in the bucket

    def at_a_deletion(self, version: Version) -> None:
        """Judge that a version goes for good: nobody may need it any more."""
        for file_id, file in self.files().items():
            if (file["key"], file.get("versionId")) != (version.key, version.version_id) or file["status"] == "purging":
                continue
            promise(file["status"] != "pending", f"the object of pending file {file_id} was deleted")
            promise(not _owed_to(file), f"the object of file {file_id} was deleted, which is owed to somebody")
            kept = [pc for pc in file.get("home", {}) if file_id in self.disks[pc]]
            promise(bool(kept), f"the object of file {file_id} was deleted, and nobody has it at home")

    # At rest

    def at_rest(self, called_off: set[str]) -> None:
        """Judge the world after everything was delivered, swept and taken home."""
        files = self.files()
        for file_id, file in files.items():
            self._rest_of_file(file_id, file)
        for item in self.table.everything():
            promise(not item["sk"]["S"].startswith("owed#"), f"{item['pk']['S']} is still owed {item['sk']['S']}")
            promise("lap" not in item, f"the lap of {item['sk']['S']} is still to be run")
        total: Counter[str] = Counter()
        for sk, item in self.table.partitions.get(self.owner, {}).items():
            total.update(_numbers(item) if sk.startswith("usage#") else {})
        counted = _count(files.values()) + self.happened
        promise(_some(total) == _some(counted), f"the counters say {_some(total)}, the files {_some(counted)}")
        promise(
            not any(file_id in called_off and file["status"] in IN for file_id, file in files.items()),
            "called off, and in",
        )
        self._rest_of_pointers(files)
        self._rest_of_bucket(files)

    def _rest_of_file(self, file_id: str, file: Item) -> None:
        status, home, pcs = file["status"], set(file.get("home", {})), self.pcs()
        promise(status != "pending", f"file {file_id} is still pending")
        if status in IN and "goneAt" not in file:
            promise(home >= pcs, f"file {file_id} never came home to {pcs - home}")
            promise((status == "downloaded") == bool(pcs), f"file {file_id} is {status} with {len(pcs)} PCs")
            promise(
                "taggedAt" in file or self._is_kept(file), f"the cloud copy of file {file_id} is not as the table says"
            )
        if status in IN and "goneAt" in file:
            promise(bool(home), f"file {file_id} is {status}, and nowhere")
        promise(home <= pcs or status == "trashed", f"file {file_id} is at home at PCs that were revoked: {home - pcs}")

    def _is_kept(self, file: Item) -> bool:
        stored = self.bucket.find(file["key"])
        return stored is not None and stored.version_id == file["versionId"] and HOME_TAG not in stored.tags.items()

    def _rest_of_pointers(self, files: Mapping[str, Item]) -> None:
        for file_id, file in files.items():
            # The simplest client declares no hash, so it can bring contents twice; then one may be forgotten.
            if not _holds(file, file.get("sha256"), self.pcs()) or len(self.arrived.get(file["sha256"], ())) > 1:
                continue
            pointer = _plain(self.table.item(self.owner, f"hash#{file['sha256']}"))
            leads = files.get(pointer.get("fileId", ""), {})
            promise(leads.get("sha256") == file["sha256"], f"the contents of file {file_id} are not to be found")

    def _rest_of_bucket(self, files: Mapping[str, Item]) -> None:
        known = {file["key"]: file for file in files.values()}
        for key, versions in self.bucket.versions.items():
            for version in versions:
                if version.body is None or version is not versions[-1] or key.startswith(QUARANTINE):
                    continue  # the bucket's own rules remove it
                file = known.get(key, {})
                promise(bool(file), f"nobody knows the object {key}")
                pinned = file.get("versionId") in (None, version.version_id)
                promise(
                    pinned or file["status"] == "refused", f"{key} has a version that hides the one PCs are told of"
                )


def promise(holds: bool, told: str) -> None:
    if not holds:
        raise BrokenPromiseError(told)


def _plain(item: Item | None) -> Item:
    return from_item(item) if item else {}


def _files(changes: Sequence[Change]) -> Iterator[FileChange]:
    for (_, sk), before, after in changes:
        if sk.startswith("file#"):
            yield FileChange(sk.removeprefix("file#"), _plain(before), _plain(after))


def _holds(file: Item, sha256: str | None, pcs: set[str]) -> bool:
    """Whether a file stands for some contents: not if nothing is left of it, or never was, whatever list it is on."""
    left = "goneAt" not in file or not pcs.isdisjoint(file.get("home", {}))
    return file.get("sha256") == sha256 and file["status"] not in ("refused", "lost", "purging") and left


def _owed_to(file: Item) -> frozenset[str]:
    return frozenset(file.get("owedTo", ()))


def _numbers(item: Item | None) -> dict[str, int]:
    return {name: int(value["N"]) for name, value in (item or {}).items() if "N" in value}


def _count(files: Any) -> Counter[str]:
    counted: Counter[str] = Counter()
    for file in files:
        names = {file.get("status", "")} - UNCOUNTED | ({"gone"} if "goneAt" in file else set())
        for name in names:
            counted.update({f"{name}Files": 1, f"{name}Bytes": file.get("size", 0)})
        if names & IN:
            counted.update(_tallied(file))
    return counted


def _tallied(file: Item) -> dict[str, int]:
    """Return what a file that is in adds by month, kind and device."""
    kind = {"image": "photo", "video": "video"}.get(file["type"].partition("/")[0], "other")
    told: dict[str, int] = {}
    for group in (f"m_{_month(file['uploadedAt'])}", f"k_{kind}", f"d_{file.get('deviceId', 'none')}"):
        told |= {f"{group}_f": 1, f"{group}_b": file["size"]}
    return told


def _happened(change: FileChange) -> Counter[str]:
    """Return what a change adds for good: that a file came in, and that PCs took it home."""
    before, after, told = change.before, change.after, Counter[str]()
    if after.get("status") == "uploaded" and before.get("status", "pending") == "pending":
        month = _month(after["uploadedAt"])
        told.update({f"i_{month}_f": 1, f"i_{month}_b": after["size"]})
    for device_id in set(after.get("home", {})) - set(before.get("home", {})):
        month = _month(after["home"][device_id])
        told.update({f"h_{month}_f": 1, f"h_{month}_b": after["size"]})
    return told


def _month(moment: str) -> str:
    return moment[:7].replace("-", "_")


def _some(counted: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counted.items()) if count}
