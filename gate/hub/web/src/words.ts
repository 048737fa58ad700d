// Every text of the pages, Chinese first.
import { createContext, useContext } from "react";

export type Language = "zh" | "en";

const WORDS = {
  product: ["守门人", "Gatewarden"],
  live: ["实时", "Live"],
  alerts: ["告警", "Alerts"],
  passages: ["过车", "Passages"],
  figures: ["统计", "Figures"],
  people: ["管理", "Manage"],
  signIn: ["登录", "Sign in"],
  signOut: ["退出", "Sign out"],
  name: ["用户名", "Name"],
  password: ["密码", "Password"],
  code: ["动态口令(如已启用)", "One-time code, if switched on"],
  linkUsed: ["此链接已使用或已过期,请登录。", "This link was used before or is too old. Please sign in."],
  offline: ["与中心断开,正在重连…", "Connection to the hub lost, trying again…"],
  weighing: ["当前称重", "Current weighing"],
  stable: ["稳定", "Stable"],
  moving: ["未稳", "Settling"],
  empty: ["空秤", "Empty"],
  noWeight: ["等待称重数据", "Waiting for weights"],
  lastMinute: ["最近 60 秒", "Last 60 s"],
  noAlerts: ["暂无告警", "No alerts"],
  noAlertsHint: ["一切正常。新告警会立即出现在这里。", "All is well. New alerts appear here at once."],
  noPassages: ["暂无过车", "No passages yet"],
  noSites: ["还没有场点接入", "No site has reported yet"],
  connecting: ["连接中…", "Connecting…"],
  cameraLost: ["画面中断,正在重连", "Picture lost, trying again"],
  noPicture: ["无画面", "No picture"],
  delay: ["延迟", "Delay"],
  online: ["在线", "Online"],
  silent: ["失联", "Silent"],
  unread: ["未识别", "Unread"],
  notWeighed: ["未过磅", "Not weighed"],
  open: ["待处理", "Open"],
  acknowledged: ["已确认", "Acknowledged"],
  disposed: ["待复核关闭", "Awaiting closure"],
  closed: ["已关闭", "Closed"],
  withdrawn: ["已撤销", "Withdrawn"],
  grade1: ["提示", "Notice"],
  grade2: ["警告", "Warning"],
  grade3: ["严重", "Serious"],
  grade4: ["特急", "Critical"],
  inYard: ["在场", "In the yard"],
  left: ["已离场", "Left"],
  more: ["更多", "More"],
  all: ["全部", "All"],
  waiting: ["待处理", "Waiting"],
  settings: ["设置", "Settings"],
  theme: ["切换明暗", "Dark or light"],
  confidence: ["置信度", "Confidence"],
  ticket: ["票据", "Ticket"],
  product_: ["品种", "Product"],
  weight: ["重量", "Weight"],
  time: ["时间", "Time"],
  site: ["场点", "Site"],
  plate: ["车牌", "Plate"],
  search: ["查询", "Search"],
  fullscreen: ["全屏", "Full screen"],
  back: ["返回", "Back"],
  notFound: ["没有这个页面", "There is no such page"],
  failed: ["请求失败", "The request failed"],
  today: ["今日", "Today"],
} as const;

export type Word = keyof typeof WORDS;

export function word(key: Word, language: Language): string {
  return WORDS[key][language === "zh" ? 0 : 1];
}

const RULES: Record<string, [string, string]> = {
  bridging: ["搭桥过磅", "Bridging"],
  bypass: ["绕道离场", "Bypass"],
  wrong_way: ["逆行", "Wrong way"],
  boundary: ["越界", "Boundary crossed"],
  unlisted_tanker: ["未登记罐车", "Unlisted tanker"],
  unread_plate: ["车牌遮挡", "Unread plate"],
  cloned_plate: ["套牌", "Cloned plate"],
  swapped_plate: ["换牌", "Swapped plate"],
  no_ticket: ["无票", "No ticket"],
  reused_ticket: ["套票", "Reused ticket"],
  crossed_ticket: ["串票", "Crossed ticket"],
  goods_differ: ["票货不符", "Goods differ"],
  partly_on_deck: ["未完全上磅", "Partly on the deck"],
  two_on_deck: ["双车上磅", "Two on the deck"],
  remote_control: ["遥控作弊", "Remote control"],
  empty_deck_weight: ["空秤有重", "Weight on empty deck"],
  no_return_to_zero: ["不回零", "No return to zero"],
  dead_indicator: ["仪表失效", "Dead indicator"],
  changed_calibration: ["标定改变", "Changed calibration"],
  tare_padding: ["皮重作弊", "Tare padding"],
  repeat_weighing: ["重复过磅", "Repeat weighing"],
  person_on_deck: ["秤上有人", "Person on the deck"],
  overload: ["超限超载", "Overload"],
  blind_camera: ["相机失明", "Blind camera"],
  cut_line: ["线路中断", "Cut line"],
  insider: ["内部作弊", "Insider"],
  restricted_refuelled: ["限制车辆加油", "Restricted vehicle refuelled"],
  site_silent: ["场点失联", "Site silent"],
};

export function ruleName(rule: string, language: Language): string {
  return RULES[rule]?.[language === "zh" ? 0 : 1] ?? rule.replaceAll("_", " ");
}

const KINDS: Record<string, [string, string]> = {
  car: ["轿车", "Car"],
  van: ["厢货", "Van"],
  bus: ["客车", "Bus"],
  truck: ["货车", "Truck"],
  tanker: ["罐车", "Tanker"],
  dump_truck: ["自卸车", "Dump truck"],
  person: ["行人", "Person"],
};

export function kindName(kind: string, language: Language): string {
  return KINDS[kind]?.[language === "zh" ? 0 : 1] ?? kind;
}

export const LanguageContext = createContext<{ language: Language; setLanguage: (l: Language) => void }>({
  language: "zh",
  setLanguage: () => undefined,
});

export function useWords() {
  const { language, setLanguage } = useContext(LanguageContext);
  return { language, setLanguage, w: (key: Word) => word(key, language) };
}
