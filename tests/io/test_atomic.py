"""Files are there as a whole or not at all, whoever else writes, and whatever ends the write."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from napari_ncut.io.atomic import OLD, PREFIX, SUFFIX, already_there, atomic_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_nothing_else(tmp_path):
    with atomic_file(tmp_path / "a") as file:
        file.write(b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_text_is_utf_8_with_line_ends_as_they_are(tmp_path):
    with atomic_file(tmp_path / "a", text=True) as file:
        file.write("µ\r\nm\n")
    assert (tmp_path / "a").read_bytes() == "µ\r\nm\n".encode()


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    with atomic_file(tmp_path / "a") as file:
        file.write(b"new")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_an_error_leaves_what_was_there(tmp_path, force, error):
    path = tmp_path / "a"
    if force:
        path.write_bytes(b"old")

    def fail():
        with atomic_file(path, force=force) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert names(tmp_path) == (["a"] if force else [])
    assert not force or path.read_bytes() == b"old"


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError, match="exists already"), atomic_file(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    with atomic_file(path, force=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("has_links", [True, False])
def test_a_dangling_link_is_replaced_only_by_force(tmp_path, monkeypatch, has_links):
    if not has_links:
        monkeypatch.setattr("os.link", no_links)
    path = tmp_path / "a"
    path.symlink_to("nowhere")
    with pytest.raises(FileExistsError, match="is a link already"), atomic_file(path) as file:
        file.write(b"new")
    assert path.is_symlink()
    assert names(tmp_path) == ["a"]
    with atomic_file(path, force=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def no_links(*_):
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("has_links", [True, False])
def test_without_force_one_of_many_wins_and_the_others_say_so(tmp_path, monkeypatch, has_links):
    if not has_links:
        monkeypatch.setattr("os.link", no_links)
    path, outcomes = tmp_path / "a", []
    ready = threading.Barrier(8)

    def write(number):
        try:
            with atomic_file(path) as file:
                file.write(b"%d" % number)
                ready.wait()
            outcomes.append(number)
        except FileExistsError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert path.read_bytes() == b"%d" % winner
    outcomes.remove(winner)
    assert outcomes == [already_there(path)] * 7
    assert names(tmp_path) == ["a"]


def test_threads_that_write_one_file_by_force_never_fail(tmp_path):
    path, errors = tmp_path / "a", []

    def write(number):
        try:
            for _ in range(20):
                with atomic_file(path, force=True) as file:
                    file.write(b"%d" % number * 1000)
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(path.read_bytes())) == 1
    assert names(tmp_path) == ["a"]


def test_two_processes_of_which_one_wins(tmp_path):
    code = (
        "import sys, time; from napari_ncut.io.atomic import atomic_file\n"
        "with atomic_file('a') as file:\n"
        "    file.write(sys.argv[1].encode()); print('ready', flush=True); input()\n"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code, word],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for word in ("one", "two")
    ]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    errors = [process.communicate("\n")[1] for process in both]
    assert [process.returncode for process in both] == [0, 1]
    assert "exists already" in errors[1]
    assert (tmp_path / "a").read_text() == "one"


def test_what_a_kill_left_is_swept_when_it_is_old(tmp_path):
    code = (
        "from napari_ncut.io.atomic import atomic_file\n"
        "with atomic_file('a') as file: file.write(b'half'); print('ready', flush=True); input()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate()
    (left,) = names(tmp_path)
    assert left.startswith(PREFIX)
    # One that another process may be writing at this moment stays.
    with atomic_file(tmp_path / "b") as file:
        file.write(b"new")
    assert names(tmp_path) == [left, "b"]
    long_ago = time.time() - OLD - 60
    os.utime(tmp_path / left, (long_ago, long_ago))
    mine = tmp_path / ".precious.part"
    mine.write_bytes(b"")
    os.utime(mine, (long_ago, long_ago))
    with atomic_file(tmp_path / "c") as file:
        file.write(b"new")
    assert names(tmp_path) == [".precious.part", "b", "c"]
    assert left.endswith(SUFFIX)


def test_a_name_may_be_as_long_as_names_can_be(tmp_path):
    path = tmp_path / ("x" * 251 + ".tif")
    with atomic_file(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_errors_speak_of_the_file_and_not_of_what_lies_beside_it(tmp_path):
    path = tmp_path / "nowhere" / "a"
    with pytest.raises(FileNotFoundError) as told, atomic_file(path):
        pass
    assert told.value.filename == str(path)
