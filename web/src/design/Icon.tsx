// Line icons on a 24 grid, drawn for this project. Decoration: whatever they mean is also said in words.
const PATHS = {
  close: 'M6 6l12 12M18 6L6 18',
  back: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 8v5M12 16.2v.1M10.3 4.4L2.9 17.5A2 2 0 0 0 4.6 20.5h14.8a2 2 0 0 0 1.7-3L13.7 4.4a2 2 0 0 0-3.4 0z',
  info: 'M12 11v5.5M12 7.7v.1M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z',
  camera: 'M4 8.5A1.5 1.5 0 0 1 5.5 7h2.2l1.6-2.5h5.4L16.3 7h2.2A1.5 1.5 0 0 1 20 8.5v9a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5zM12 16.2a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8z',
  ruler: 'M3.5 15.5l12-12 5 5-12 12zM7 12l2 2M10 9l2 2M13 6l2 2',
  side: 'M13 3.6a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM12 9.5c-2 2-2.3 4-1.5 6.5l-.5 4.9M12 9.5c2 2 2 3.5 1.5 6l1 5.4',
  person: 'M12 3.6a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4zM7 10.6h10M9.5 10.6L9 21M14.5 10.6L15 21M12 15v0',
  account: 'M12 4.5a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20.500c.8-3.700 3.800-5.500 7.500-5.500s6.700 1.800 7.500 5.500',
  phone: 'M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3zM11 18h2',
  upload: 'M12 16V5M7.5 9L12 4.5 16.5 9M4.5 15.5v3a1.5 1.5 0 0 0 1.5 1.5h12a1.5 1.5 0 0 0 1.5-1.5v-3',
  trash: 'M5 7h14M10 7V5h4v2M7 7l.8 12h8.4L17 7M10.5 10.5v5M13.5 10.5v5',
  lock: 'M6.5 11h11v9h-11zM8.5 11V8.5a3.5 3.5 0 0 1 7 0V11',
  edit: 'M5 19l1-4L15.5 5.5l3 3L9 18zM13.5 7.5l3 3',
  compare: 'M4 5h6.5v14H4zM13.5 5H20v14h-6.5z',
  bag: 'M6 8h12l1 12H5zM9 8V7a3 3 0 0 1 6 0v1',
  heat: 'M12 3.5c.5 3.5 4.5 5 4.5 9.5a4.5 4.5 0 0 1-9 0c0-1.8.8-2.8 1.7-3.8.3 1.3 1 1.8 1.6 2C10.5 8.5 10.7 6 12 3.5z',
  zoom: 'M10.5 4.5a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM15 15l5 5M10.5 8v5M8 10.5h5',
  more: 'M5.5 12v.01M12 12v.01M18.5 12v.01',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5M20 14v2.5M14 17.5V20M17.5 20H20M17 17h.01',
  flip: 'M4 9h13l-3.5-3.5M20 15H7l3.5 3.5',
  download: 'M12 4v11M7.5 11L12 15.5 16.5 11M4.5 16v2.5A1.5 1.5 0 0 0 6 20h12a1.5 1.5 0 0 0 1.5-1.5V16',
  plus: 'M12 5v14M5 12h14',
  spark: 'M12 4l1.8 5.2L19 11l-5.2 1.8L12 18l-1.8-5.2L5 11l5.2-1.8z',
  chart: 'M4.5 4.5v15h15M8.5 16v-4M12.5 16V8M16.5 16v-6',
  code: 'M8.5 7.5L4 12l4.5 4.5M15.5 7.5L20 12l-4.5 4.5M13.5 5l-3 14',
  sliders: 'M5 7h9M18 7h1M5 12h2M11 12h8M5 17h7M16 17h3M16 5.2v3.6M9 10.2v3.6M14 15.2v3.6',
  copy: 'M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9',
  leave: 'M14 5H6v14h8M10.5 12H20M16.5 8.5L20 12l-3.5 3.5',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 24, flip }: { name: IconName; size?: number; flip?: boolean }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" class={flip ? 'icon-flip' : undefined}>
      <path d={PATHS[name]} />
    </svg>
  );
}
