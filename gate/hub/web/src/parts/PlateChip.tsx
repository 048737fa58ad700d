// A plate drawn as it looks on the vehicle.
import classes from "./PlateChip.module.css";
import { useWords } from "../words";

/** The colour of a plate where no reading says it: eight characters are new energy, trucks are yellow. */
function guess(text: string): string {
  return text.length === 8 ? "green" : "yellow";
}

export function PlateChip({ text, colour, size = "md" }: { text: string; colour?: string; size?: "sm" | "md" | "lg" }) {
  const { w } = useWords();
  if (!text) return <span className={`${classes.plate} ${classes.unread} ${classes[size]}`}>{w("unread")}</span>;
  const spaced = `${text.slice(0, 2)}·${text.slice(2)}`;
  return (
    <span className={`${classes.plate} ${classes[colour || guess(text)] ?? classes.yellow} ${classes[size]}`} title={text}>
      {spaced}
    </span>
  );
}
