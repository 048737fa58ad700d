import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app.css";

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, StrictMode, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Route, Routes } from "react-router";

import { AlertPage } from "./pages/AlertPage";
import { AlertsPage } from "./pages/AlertsPage";
import { LivePage } from "./pages/LivePage";
import { PassagesPage } from "./pages/PassagesPage";
import { register } from "./push";
import { Session } from "./session";
import { Shell } from "./Shell";
import { theme } from "./theme";
import { type Language, LanguageContext } from "./words";

const DraftPage = lazy(async () => ({ default: (await import("./pages/DraftPage")).DraftPage }));
const FiguresPage = lazy(async () => ({ default: (await import("./pages/FiguresPage")).FiguresPage }));
const ManagePage = lazy(async () => ({ default: (await import("./pages/ManagePage")).ManagePage }));
const PassagePage = lazy(async () => ({ default: (await import("./pages/PassagePage")).PassagePage }));

const KEY = "gatewarden-language";
const queries = new QueryClient({ defaultOptions: { queries: { retry: 2, staleTime: 5_000 } } });

function App() {
  const [language, choose] = useState<Language>(() => (localStorage.getItem(KEY) === "en" ? "en" : "zh"));
  const languages = useMemo(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    const setLanguage = (next: Language) => {
      localStorage.setItem(KEY, next);
      choose(next);
    };
    return { language, setLanguage };
  }, [language]);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-left" limit={3} />
      <LanguageContext.Provider value={languages}>
        <QueryClientProvider client={queries}>
          <BrowserRouter>
            <Session>
              <Routes>
                <Route element={<Shell />}>
                  <Route path="/" element={<LivePage />} />
                  <Route path="/alerts" element={<AlertsPage />} />
                  <Route path="/alerts/:id" element={<AlertPage />} />
                  <Route path="/passages" element={<PassagesPage />} />
                  <Route path="/passages/:id" element={<PassagePage />} />
                  <Route path="/figures" element={<FiguresPage />} />
                  <Route path="/draft/:site" element={<DraftPage />} />
                  <Route path="/manage" element={<ManagePage />} />
                  <Route path="*" element={<LivePage />} />
                </Route>
              </Routes>
            </Session>
          </BrowserRouter>
        </QueryClientProvider>
      </LanguageContext.Provider>
    </MantineProvider>
  );
}

register().catch(() => undefined); // without a worker the pages work, only not offline

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
