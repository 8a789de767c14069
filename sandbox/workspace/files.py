"""Uploaded files: the ticket for an upload, its bytes, and where it was shared."""

from dataclasses import dataclass, replace
from mimetypes import guess_type

from sandbox.workspace.errors import SlackError
from sandbox.workspace.jsontype import JsonObject
from sandbox.workspace.people import BOT_USER_ID, TEAM_ID


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    channel: str
    ts: str
    thread_ts: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One file. It is promised when its upload URL is given, and complete once the app says so."""

    id: str
    name: str
    length: int
    alt_text: str | None = None
    title: str | None = None
    data: bytes | None = None
    complete: bool = False
    created: int = 0
    shares: tuple[Share, ...] = ()

    @property
    def mimetype(self) -> str:
        return guess_type(self.name)[0] or "application/octet-stream"

    @property
    def is_image(self) -> bool:
        return self.mimetype.startswith("image/")

    def as_slack(self, *, base: str) -> JsonObject:
        """The file object; `base` is the workspace's address."""
        private = f"{base}/slack/files/{self.id}/{self.name}"
        shown: JsonObject = {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "filetype": self.name.rpartition(".")[2] if "." in self.name else "binary",
            "user": BOT_USER_ID,
            "user_team": TEAM_ID,
            "size": len(self.data or b""),
            "mode": "hosted",
            "is_external": False,
            "is_public": bool(self.shares),
            "url_private": private,
            "url_private_download": f"{private}?download=1",
            "permalink": f"{base}/#file-{self.id}",
            "channels": [share.channel for share in self.shares],
        }
        if self.alt_text:
            shown["alt_txt"] = self.alt_text
        if self.is_image:
            shown["thumb_720"] = private
        return shown

    def shares_as_slack(self) -> JsonObject:
        public: dict[str, list[JsonObject]] = {}
        for share in self.shares:
            at: JsonObject = {"ts": share.ts, "team_id": TEAM_ID}
            if share.thread_ts is not None:
                at["thread_ts"] = share.thread_ts
            public.setdefault(share.channel, []).append(at)
        return {"public": public} if public else {}


class Files:
    """Every file of the workspace by id."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def promise(self, file: File) -> None:
        self._files[file.id] = file

    def get(self, file_id: str) -> File:
        if file_id not in self._files:
            raise SlackError("file_not_found")
        return self._files[file_id]

    def receive(self, file_id: str, data: bytes) -> None:
        """Take the bytes of a promised upload; they must be as many as were announced."""
        file = self.get(file_id)
        if len(data) != file.length:
            raise SlackError("file_upload_size_restricted", extra={"expected": file.length, "received": len(data)})
        self._files[file_id] = replace(file, data=data)

    def finish(self, file_id: str, *, title: str | None) -> File:
        file = self.get(file_id)
        if file.data is None or file.complete:
            raise SlackError("file_not_found")
        self._files[file_id] = replace(file, title=title, complete=True)
        return self._files[file_id]

    def shared(self, file_id: str, share: Share) -> None:
        file = self.get(file_id)
        self._files[file_id] = replace(file, shares=(*file.shares, share))

    def is_picture(self, file_id: str) -> bool:
        """Whether an image block may point at it: complete and an image."""
        file = self._files.get(file_id)
        return file is not None and file.complete and file.is_image
