// Every text of the pages, Chinese first.
import { createContext, useCallback, useContext } from "react";

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
  acknowledge: ["确认收到", "Acknowledge"],
  dispose: ["处置", "Dispose"],
  close: ["复核关闭", "Close"],
  reopen: ["退回重办", "Send back"],
  escalate: ["上报", "Escalate"],
  silence: ["静默此类", "Silence these"],
  reason: ["原因", "Reason"],
  reasonHint: ["说明处置依据(必填)", "Why? (needed)"],
  released: ["放行", "Released"],
  held: ["扣留", "Held"],
  reweighed: ["复磅", "Re-weighed"],
  false_alarm: ["误报", "False alarm"],
  evidence: ["证据", "Evidence"],
  numbers: ["判定数据", "What decided it"],
  history: ["处理记录", "What was done"],
  deliveries: ["通知记录", "Who was told"],
  weightCurve: ["称重曲线", "Weight curve"],
  map: ["位置", "Place"],
  grouped: ["同类告警", "More of the same"],
  due: ["确认时限", "Acknowledge by"],
  overdue: ["已超时", "Overdue"],
  queued: ["离线,已记录,联网后发送", "Offline: noted, sent when back"],
  queuedCount: ["项操作待发送", "actions wait to be sent"],
  conflict: ["该操作未生效", "This had no effect"],
  closeHint: ["严重以上告警须由场点以外的另一人复核关闭", "From grade 3 on, someone else than the site closes an alert"],
  openPassage: ["查看过车", "Open the passage"],
  minutes: ["分钟", "minutes"],
  movements: ["轨迹", "Movements"],
  plates: ["车牌", "Plates"],
  findings: ["告警", "Findings"],
  lock: ["锁定保全", "Lock"],
  unlock: ["解除锁定", "Unlock"],
  locked: ["已保全", "Locked"],
  noClip: ["暂无录像", "No clip yet"],
  clip: ["录像", "Clip"],
  near: ["容错一字", "Forgive one character"],
  from: ["起", "From"],
  to: ["止", "To"],
  rule: ["告警类型", "Rule"],
  export: ["导出", "Export"],
  anySite: ["全部场点", "All sites"],
  anyRule: ["全部类型", "All rules"],
  wildcards: ["支持 * 和 ?,如 晋A*45", "* and ? are wildcards: 晋A*45"],
  byDay: ["按日", "By day"],
  byMonth: ["按月", "By month"],
  byYear: ["按年", "By year"],
  bySite: ["按场点", "By site"],
  byProduct: ["按品种", "By product"],
  weighed: ["过磅", "Weighed"],
  total: ["合计", "Total"],
  persons: ["人员", "People"],
  channels: ["通道", "Channels"],
  routes: ["派发", "Routes"],
  sites: ["场点", "Sites"],
  audit: ["审计", "Audit"],
  add: ["添加", "Add"],
  remove: ["删除", "Remove"],
  test: ["测试", "Test"],
  sent: ["已送达", "Delivered"],
  notSent: ["未送达", "Not delivered"],
  role: ["角色", "Role"],
  address: ["地址", "Address"],
  target: ["对象", "Target"],
  minGrade: ["最低级别", "From grade"],
  quiet: ["免打扰(特急除外)", "Quiet hours (never grade 4)"],
  enterLink: ["一次性登录链接(24 小时内有效)", "One-time link (good for 24 hours)"],
  token: ["设备令牌(仅显示一次)", "Device token (shown only now)"],
  disabled: ["已停用", "Disabled"],
  disable: ["停用", "Disable"],
  enable: ["启用", "Enable"],
  newLink: ["重置登录", "New link"],
  setPassword: ["设置密码", "Set a password"],
  oldPassword: ["原密码", "Old password"],
  newPassword: ["新密码(至少 10 位)", "New password (10 characters or more)"],
  noPasswordYet: ["您还没有密码,链接只能使用一次,请先设置。", "You have no password yet, and your link works only once."],
  save: ["保存", "Save"],
  saved: ["已保存", "Saved"],
  notifyMe: ["推送到本机", "Push to this device"],
  notifyOn: ["已开启推送", "Pushes are on"],
  notifyDenied: ["浏览器未允许通知", "The browser does not allow notifications"],
  install: ["添加到主屏幕可像应用一样使用", "Add to the home screen to use it like an app"],
  user: ["用户", "User"],
  action: ["操作", "Action"],
  detail: ["详情", "Detail"],
  kind: ["类型", "Kind"],
  gapsHint: ["有消息缺口", "messages missing"],
  lastSeen: ["最后消息", "Last word"],
  devices: ["设备", "Devices"],
  copy: ["复制", "Copy"],
  always: ["不限", "Always"],
  showTable: ["数据表", "Table"],
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
  weight_empty_deck: ["空秤有重", "Weight on empty deck"],
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
  restricted_refuel: ["限制车辆加油", "Restricted vehicle refuelled"],
  site_silent: ["场点失联", "Site silent"],
};

export function ruleName(rule: string, language: Language): string {
  return RULES[rule]?.[language === "zh" ? 0 : 1] ?? rule.replaceAll("_", " ");
}

const ROLES: Record<string, [string, string]> = {
  operator: ["过磅员", "Operator"],
  duty_officer: ["值班员", "Duty officer"],
  county: ["县级监管", "County official"],
  city: ["市级监管", "City official"],
  inspector: ["稽查员", "Inspector"],
  model_engineer: ["模型工程师", "Model engineer"],
  administrator: ["管理员", "Administrator"],
};

export const ROLE_IDS = Object.keys(ROLES);
export const RULE_IDS = Object.keys(RULES);

export function roleName(role: string, language: Language): string {
  return ROLES[role]?.[language === "zh" ? 0 : 1] ?? role;
}

const ACTIONS: Record<string, [string, string]> = {
  acknowledge: ["确认收到", "Acknowledged"],
  dispose: ["处置", "Disposed of"],
  close: ["复核关闭", "Closed"],
  reopen: ["退回重办", "Sent back"],
  escalate: ["上报", "Escalated"],
  note: ["备注", "Note"],
  climbed: ["超时自动上报", "Climbed by itself"],
  withdrawn: ["判定撤销", "Withdrawn by the rule"],
  reopened: ["级别升高,重新打开", "Raised again"],
};

export function actionName(kind: string, language: Language): string {
  return ACTIONS[kind]?.[language === "zh" ? 0 : 1] ?? kind;
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
  const w = useCallback((key: Word) => word(key, language), [language]);
  return { language, setLanguage, w };
}
