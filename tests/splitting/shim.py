
import numpy as np
from napari_ncut.splitting.statistics import statistics_of
from napari_ncut.splitting.split import _labels,_on_grid,_channels
from napari_ncut.core.monitor import Monitor
from napari_ncut.core.validation import spacing_tuple
from napari_ncut.splitting.parameters import DEFAULT
def image_statistics(image, labels, channel_axis=None, spacing=None):
    g=_labels(labels); v,grid=_on_grid(g, spacing_tuple(spacing,g.ndim),1)
    c=_channels(image,channel_axis,g).reshape(*v.shape,-1)
    return statistics_of(c,v,grid,DEFAULT,Monitor())
