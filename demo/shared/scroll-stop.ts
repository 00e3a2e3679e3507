/** Makes a region that scrolls a stop of the tab key while there is something to scroll, and only then. */
export function stopsWhereItScrolls(region: HTMLElement): void {
  const update = () => {
    if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
    else region.removeAttribute('tabindex');
  };
  const observer = new ResizeObserver(update);
  observer.observe(region);
  // What stands in it may grow while it keeps its size.
  if (region.firstElementChild) observer.observe(region.firstElementChild);
}
