/** Two small charts, drawn by hand: what they show is said in words beside them. */
import dayjs from "dayjs";
import { useTranslation } from "react-i18next";
import classes from "./charts.module.css";
import type { Month } from "./counts";

const RADIUS = 42;
const AROUND = 2 * Math.PI * RADIUS;

/** How much of a whole, as a ring. */
export function Ring({ percent, label }: { percent: number; label: string }) {
  return (
    <svg viewBox="0 0 100 100" className={classes.ring} role="img" aria-label={label}>
      <circle cx={50} cy={50} r={RADIUS} className={classes.rest} />
      <circle
        cx={50}
        cy={50}
        r={RADIUS}
        className={classes.part}
        strokeDasharray={`${(AROUND * percent) / 100} ${AROUND}`}
        transform="rotate(-90 50 50)"
      />
      <text x={50} y={50} className={classes.number}>
        {percent}%
      </text>
    </svg>
  );
}

const WIDTH = 360;
const HEIGHT = 130;
const FOOT = 20;
const HEAD = 16;

/** Counts by month, as columns. */
export function Columns({ months, label }: { months: readonly Month[]; label: string }) {
  const { i18n } = useTranslation();
  const most = Math.max(1, ...months.map(({ count }) => count));
  const step = WIDTH / months.length;
  const tall = HEIGHT - FOOT - HEAD;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className={classes.columns} role="img" aria-label={label}>
      {months.map(({ month, count }, index) => {
        const height = count === 0 ? 2 : (tall * count) / most;
        const x = index * step;
        return (
          <g key={month}>
            <rect x={x + 4} y={HEIGHT - FOOT - height} width={step - 8} height={height} rx={2} className={classes.column} data-none={count === 0 || undefined} />
            {count > 0 && <text x={x + step / 2} y={HEIGHT - FOOT - height - 4} className={classes.count}>{count}</text>}
            <text x={x + step / 2} y={HEIGHT - 5} className={classes.month}>
              {dayjs(`${month}-01`).locale(i18n.language).format("MMM").replace(".", "").slice(0, 3)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
