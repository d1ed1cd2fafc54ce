// value: 0 to 1.
export function Progress({ value, label }: { value: number; label: string }) {
  const part = Math.min(1, Math.max(0, value));
  return (
    <div class="progress" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(part * 100)}>
      <div class="progress-bar" style={{ transform: `scaleX(${part})` }} />
    </div>
  );
}
