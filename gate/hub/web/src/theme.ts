import { createTheme, type MantineColorsTuple } from "@mantine/core";

const amber: MantineColorsTuple = [
  "#fff8e1", "#ffeecb", "#ffdc9a", "#ffc964", "#ffb938", "#ffaf1c", "#f5a70c", "#d98f00", "#b97a00", "#8a5a00",
];
const graphite: MantineColorsTuple = [
  "#e9edf2", "#c6ced8", "#9aa6b4", "#6f7d8d", "#4a5765", "#34404c", "#262f39", "#1b222a", "#14191f", "#0e1216",
];

export const theme = createTheme({
  primaryColor: "amber",
  primaryShade: { light: 7, dark: 5 },
  autoContrast: true,
  colors: { amber, dark: graphite },
  defaultRadius: "md",
  fontFamily:
    '"Inter", "PingFang SC", "HarmonyOS Sans SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono", "SF Mono", "Roboto Mono", "Noto Sans Mono", ui-monospace, monospace',
  headings: { fontWeight: "650" },
});

export const GRADE_COLOURS: Record<number, string> = { 0: "gray", 1: "blue", 2: "yellow", 3: "orange", 4: "red" };
