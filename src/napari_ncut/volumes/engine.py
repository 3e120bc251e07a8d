"""What does the tasks of a volume: this process, processes of its own, or a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from napari_ncut.core.cluster import check_workers
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.validation import integer
from napari_ncut.io.ome_zarr import needs_zarr
from napari_ncut.volumes.output import CHUNK


@contextmanager
def engine(client: Any, workers: int) -> Iterator[Any]:
    """Give the client that does the tasks, or None for this process."""
    if integer(workers, "workers", 1) == 1 or client is not None:
        if client is not None:
            check_workers(client)
        yield client
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError(
            'Workers need distributed; install it with `pip install "napari-ncut[scale]"`.'
        ) from error
    # The memory is that of the tasks: no worker is to be stopped for what it holds.
    cluster = LocalCluster(
        n_workers=workers, threads_per_worker=1, memory_limit=0, dashboard_address=None
    )
    with cluster, Client(cluster) as own:
        yield own


def shared(array: Any, path: Path) -> Any:
    """Return an array that workers can read: one of NumPy is written where they find it."""
    if not isinstance(array, np.ndarray):
        return array
    needs_zarr()
    import zarr

    chunks = tuple(max(min(CHUNK.get(array.ndim, 64), n), 1) for n in array.shape)
    return zarr.create_array(path, data=np.asarray(array), chunks=chunks, overwrite=True)


def runner(client: Any, monitor: Monitor) -> Callable[..., list[Any]]:
    """Return what does calls, here or on workers, and tells how far it is."""

    def run(
        work: Callable[..., Any], calls: Sequence[tuple[Any, ...]], stage: tuple[float, float, str]
    ) -> list[Any]:
        start, end, text = stage
        done = 0

        def tell() -> None:
            monitor.report(start + (end - start) * done / max(len(calls), 1), text)

        tell()
        if client is None:
            results = []
            for call in calls:
                # What lasts long tells itself how far it is, and asks whether it is to go on.
                step = (end - start) / len(calls)
                part = monitor.part(start + done * step, start + (done + 1) * step)
                results.append(work(*call, monitor=part))
                done += 1
                tell()
            return results
        from distributed import as_completed

        # The input is sent once, and a lost worker's calls are done again.
        futures = [client.submit(work, *call, pure=False, retries=3) for call in calls]
        try:
            for _ in as_completed(futures):
                done += 1
                tell()
            return list(client.gather(futures))
        finally:
            client.cancel(futures)

    return run
