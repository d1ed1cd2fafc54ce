// Our own drawings of the demo's pieces: a silhouette, its seams and folds.
interface Art { color: string; dark: string; body: string; seams: string }

export const ART: Record<string, Art> = {
  tshirt: {
    color: '#6d93a6', dark: '#4f7487',
    body: 'M73 46 96 38c4 13 44 13 48 0l23 8 37 34-20 26-19-14c-2 30-1 74 3 112-26 7-70 7-96 0 4-38 5-82 3-112L56 106 36 80z',
    seams: 'M96 38c4 13 44 13 48 0M92 41c5 18 51 18 56 0M73 46c4 16 3 32 2 46M167 46c-4 16-3 32-2 46M75 192c26 6 64 6 90 0M104 120c-4 26-4 46-8 70M140 128c3 22 3 40 6 62',
  },
  dress: {
    color: '#b0604f', dark: '#88443a',
    body: 'M88 30l14-4c4 16 32 16 36 0l14 4c2 12 8 22 12 28-4 14-6 26-6 40 0 10 4 18 8 30 8 26 16 60 20 92-40 12-92 12-132 0 4-32 12-66 20-92 4-12 8-20 8-30 0-14-2-26-6-40 4-6 10-16 12-28z',
    seams: 'M102 26c4 16 32 16 36 0M82 98c24 6 52 6 76 0M82 104c24 6 52 6 76 0M100 110c-8 34-14 70-18 110M120 112v112M142 110c8 34 14 70 18 110M92 60c6 14 8 26 8 38M148 60c-6 14-8 26-8 38',
  },
  trousers: {
    color: '#515768', dark: '#3a3f4e',
    body: 'M84 30h72c3 20 8 38 9 58 2 46-2 96-6 140h-30c-3-36-6-78-9-108-3 30-6 72-9 108H81c-4-44-8-94-6-140 1-20 6-38 9-58z',
    seams: 'M82 42c24 4 52 4 76 0M120 44c1 16 1 30 0 76M106 44c1 14-6 22-14 24M134 44c-1 14 6 22 14 24M98 90c-4 44-4 92-2 136M142 90c4 44 4 92 2 136',
  },
  shirt: {
    color: '#d6dfe7', dark: '#96a5b3',
    body: 'M80 40l22-10 18 12 18-12 22 10c14 6 22 16 26 30 6 34 10 70 12 106l-20 4c-4-30-8-58-14-84-1 38 0 76 4 114-30 8-66 8-96 0 4-38 5-76 4-114-6 26-10 54-14 84l-20-4c2-36 6-72 12-106 4-14 12-24 26-30z',
    seams: 'M102 30l-8 14 18 14 8-16M138 30l8 14-18 14-8-16M117 58v156M123 58v156M120 74v.5M120 98v.5M120 122v.5M120 146v.5M120 170v.5M80 44c4 18 2 36 0 52M160 44c-4 18-2 36 0 52M134 92h18v22c-6 4-12 4-18 0z',
  },
  hoodie: {
    color: '#8b9877', dark: '#67745a',
    body: 'M84 48c4-24 18-30 36-30s32 6 36 30c18 6 28 16 32 34 6 32 10 64 12 96l-22 6c-4-28-8-54-14-78-1 30 0 62 2 96-30 8-62 8-92 0 2-34 3-66 2-96-6 24-10 50-14 78l-22-6c2-32 6-64 12-96 4-18 14-28 32-34z',
    seams: 'M84 48c6-18 20-22 36-22s30 4 36 22c-8 20-22 28-36 30-14-2-28-10-36-30zM112 76l-2 38M128 76l2 38M90 152c4-14 8-22 14-26h32c6 4 10 12 14 26v22H90zM76 190c28 6 60 6 88 0M40 172l22 6M200 172l-22 6',
  },
  skirt: {
    color: '#4a688c', dark: '#32496a',
    body: 'M86 52h68c4 30 18 92 30 132-36 14-92 14-128 0 12-40 26-102 30-132z',
    seams: 'M84 66c24 5 48 5 72 0M120 68v124M106 68c-2 16-8 22-18 24M134 68c2 16 8 22 18 24M98 100c-8 32-16 62-22 90M142 100c8 32 16 62 22 90M120 58v.5',
  },
};

export function Drawing({ piece }: { piece: string }) {
  const a = ART[piece];
  if (!a) return null;
  return (
    <svg viewBox="0 0 240 250" aria-hidden="true" class="drawing">
      <ellipse cx="120" cy="234" rx="74" ry="7" fill="#000" opacity=".07" />
      <path d={a.body} fill={a.color} stroke={a.dark} stroke-width="1.5" stroke-linejoin="round" />
      <path d={a.seams} fill="none" stroke={a.dark} stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" opacity=".75" />
    </svg>
  );
}
