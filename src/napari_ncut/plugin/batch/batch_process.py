"""The process of a batch, as the window sees it."""

from __future__ import annotations

import json
import sys
from typing import Any

from qtpy.QtCore import QCoreApplication, QObject, QProcess, QTimer, Signal

# How long a process that was told to stop may take, in milliseconds.
PATIENCE = 3000


class BatchProcess(QObject):
    """Does a batch in a process of its own, which ends when this object does.

    Parameters
    ----------
    asked : dict
        What `napari_ncut.batches.process` takes.
    parent : QObject
        Ends the process when it is destroyed.
    """

    row = Signal(dict)  # what came of one file
    ended = Signal(str, bool)  # a sentence, and whether it is an error

    def __init__(self, asked: dict[str, Any], parent: QObject) -> None:
        super().__init__(parent)
        self._rest = b""
        self._said = ""
        self._is_error = False
        self._is_stopped = False
        process = self._process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        process.start(sys.executable, ["-m", "napari_ncut.batches.process"])
        process.write(json.dumps(asked).encode() + b"\n")

    def stop(self) -> None:
        """Tell the process to stop; what it does not hear ends it."""
        self._is_stopped = True
        process = self._process
        process.closeWriteChannel()
        patience = QTimer(process)
        patience.setSingleShot(True)
        patience.timeout.connect(process.kill)
        patience.start(PATIENCE)

    def end(self) -> None:
        """End the process, and hear nothing of it any more; nobody waits for it."""
        self.blockSignals(True)
        app = QCoreApplication.instance()
        assert app is not None
        self.setParent(app)
        app.aboutToQuit.connect(self._wait)
        self._process.finished.connect(self.deleteLater)
        self.stop()

    def _wait(self) -> None:
        # A process that is killed leaves its own processes behind.
        self._process.waitForFinished(PATIENCE)

    def _read(self) -> None:
        *lines, self._rest = (self._rest + bytes(self._process.readAllStandardOutput())).split(
            b"\n"
        )
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:  # something else that was printed
                continue
            if "row" in said:
                self.row.emit(said["row"])
            elif "error" in said:
                self._said, self._is_error = said["error"], True
            elif "report" in said:
                self._said = f"The report is {said['report']}."

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(f"The batch did not start: {self._process.errorString()}.", True)

    def _on_finished(self, code: int, _: object = None) -> None:
        self._read()
        if self._is_stopped:
            self.ended.emit("Stopped; what is done stays, and Run goes on from there.", False)
        elif self._said:
            self.ended.emit(self._said, self._is_error)
        else:
            lines = bytes(self._process.readAllStandardError()).decode(errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), f"exit code {code}")
            self.ended.emit(f"The batch broke off: {last.strip()[:300]}", True)
