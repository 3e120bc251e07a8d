"""The hand tools, in the order of their buttons."""

from napari_ncut.plugin.correct.tools.cut_tool import CutTool
from napari_ncut.plugin.correct.tools.delete_tool import DeleteTool
from napari_ncut.plugin.correct.tools.merge_tool import MergeTool
from napari_ncut.plugin.correct.tools.seeds_tool import SeedsTool
from napari_ncut.plugin.correct.tools.tool import Tool

TOOLS: tuple[type[Tool], ...] = (CutTool, MergeTool, DeleteTool, SeedsTool)

__all__ = ["TOOLS", "Tool"]
