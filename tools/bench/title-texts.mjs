// Titles as people and models give them to sessions, the same in every run: English, with the names of code and files in
// it, Chinese, Japanese, Korean, Russian, and now and then an emoji.
import { randomFrom } from "./messages.mjs";

const ENGLISH = `the fix add to in for and of a with error test from build update how refactor on when parser use api
  file is not session type support data user config page function query cache token server client store search index
  message tool model agent memory write read list create remove rename implement migrate investigate debug explain
  review optimize database schema deploy docker release version install package module import export interface class
  component button layout theme color style render hook state event handler stream socket timeout retry login password
  email payment invoice report chart table column filter sort upload download image video audio encode decode compress
  backup restore sync merge conflict branch commit rebase pipeline workflow script shell terminal command option flag
  environment variable secret key permission role policy audit log trace metric monitor alert latency throughput load
  benchmark profile leak crash panic exception stack overflow null pointer race deadlock lock queue worker thread pool
  async promise callback iterator generator regex unicode locale timezone date format currency translation keyboard`.split(
  /\s+/,
);
const SYLLABLES = "ba ce di fo gu ha ker lin mo nar pel qui ros sta tur vex wil xan yor zet bri clo dra fle gra".split(
  " ",
);
const CHINESE =
  `会话 存储 解析器 修复 测试 模块 优化 数据库 查询 配置 文件 错误 用户 接口 重构 部署 服务器 性能 搜索 标题
  日志 缓存 登录 权限 翻译 文档 代码 审查 编译 界面 按钮 样式 消息 工具 模型 上下文 长度 限制 支持 添加 删除 更新 导入 导出 脚本`.split(
    /\s+/,
  );
const JAPANESE =
  `エラー を 修正 する データベース の 設定 テスト が 失敗 パーサー 検索 機能 追加 ファイル 読み込み セッション 一覧
  表示 改善 リファクタリング 方法 について ログイン 画面 翻訳 バグ 調査 モデル 出力`.split(/\s+/);
const KOREAN =
  "오류 수정 세션 검색 데이터베이스 설정 테스트 실패 파일 추가 기능 개선 로그인 화면 번역 문서 서버 배포".split(" ");
const RUSSIAN = `исправить ошибку в парсере тест не проходит настройка сервера поиск по названию сессии добавить кнопку
  база данных обновить зависимости рефакторинг модуля перевод документации`.split(/\s+/);
const EMOJI = ["🚀", "🐛", "✨", "🔥", "📝", "⚡️"];
const ENDINGS = ["ts", "py", "go", "rs", "md", "json", "tsx", "yaml"];
/** Words that few titles have: names of products, people, functions. */
const RARE_WORDS = 6000;

/** @typedef {{ texts: string[], rare: string[] }} Titles */

/**
 * @param {number} count
 * @returns {Titles}
 */
export function makeTitles(count) {
  const random = randomFrom(7);
  /** @param {string[]} list */
  const pick = (list) => list[Math.floor(random() * list.length)];
  // The first words of the list are the common ones, as in any language.
  const english = () => ENGLISH[Math.floor(ENGLISH.length * random() ** 2.2)];
  const rare = Array.from({ length: RARE_WORDS }, () => pick(SYLLABLES) + pick(SYLLABLES) + pick(SYLLABLES));
  const name = () => {
    const [first, second] = [english(), english()];
    const kind = random();
    if (kind < 0.3) return first + second[0].toUpperCase() + second.slice(1);
    if (kind < 0.5) return `${first}_${second}`;
    if (kind < 0.8) return `src/${first}/${second}.${pick(ENDINGS)}`;
    return `${first}-${second}.${pick(ENDINGS)}`;
  };
  const words = (/** @type {() => string} */ word, /** @type {number} */ least, /** @type {number} */ more) =>
    Array.from({ length: least + Math.floor(random() * more) }, word);
  const inEnglish = () => {
    const list = words(() => (random() < 0.06 ? name() : random() < 0.05 ? pick(rare) : english()), 4, 7);
    list[0] = list[0][0].toUpperCase() + list[0].slice(1);
    if (random() < 0.05) list.push(`#${Math.floor(random() * 50_000)}`);
    return list.join(" ");
  };
  const texts = Array.from({ length: count }, () => {
    const script = random();
    const emoji = random() < 0.03 ? `${pick(EMOJI)} ` : "";
    if (script < 0.12) return emoji + words(() => (random() < 0.1 ? name() : pick(CHINESE)), 4, 8).join("");
    if (script < 0.17) return emoji + words(() => pick(JAPANESE), 4, 6).join("");
    if (script < 0.2) return emoji + words(() => pick(KOREAN), 3, 5).join(" ");
    if (script < 0.25) return emoji + words(() => (random() < 0.1 ? name() : pick(RUSSIAN)), 3, 5).join(" ");
    return emoji + inEnglish();
  });
  return { texts, rare };
}

const PER_KIND = 40;

/**
 * `match` for FTS5, with quotes around what is to be one piece; `like` where that is too short for it.
 *
 * @typedef {{ kind: string, text: string, match?: string, like?: string }} Query
 */

/**
 * What is typed into a search, of each kind the same number.
 *
 * @param {readonly string[]} texts
 * @param {readonly string[]} rare
 * @returns {Query[]}
 */
export function queriesFor(texts, rare) {
  const random = randomFrom(11);
  /** @type {<T>(list: readonly T[]) => T} */
  const pick = (list) => list[Math.floor(random() * list.length)];
  /** The words of some title, three characters or more, in the scripts in which one types words. */
  const words = (/** @type {number} */ least) => {
    for (;;) {
      const found = pick(texts)
        .split(" ")
        .filter((word) => /^[\x21-\x7e]{3,}$/.test(word));
      if (found.length >= least) return found;
    }
  };
  const within = (/** @type {string} */ text, /** @type {number} */ length) => {
    const start = Math.floor(random() * (text.length - length + 1));
    return text.slice(start, start + length);
  };
  const run = (/** @type {number} */ length) => {
    for (;;) {
      const found = pick(pick(texts).match(/[\u3041-\u30ff\u4e00-\u9fff]{4,}|[\uac00-\ud7a3]{2,}/g) ?? [""]);
      if (found.length >= length) return within(found, length);
    }
  };
  const kinds = {
    common: () => pick(ENGLISH.filter((word) => word.length > 2).slice(0, 40)),
    rare: () => pick(rare),
    substring: () => {
      const word = words(1)[0];
      return within(word, Math.max(3, Math.min(5, word.length - 1)));
    },
    phrase: () => words(3).slice(0, 3).join(" "),
    miss: () => Array.from({ length: 6 }, () => pick(SYLLABLES)[0]).join(""),
    "CJK 3": () => run(3),
    "CJK 2": () => run(2),
    "two words": () => {
      const found = words(2);
      return `${found[0]} ${found.at(-1)}`;
    },
  };
  return Object.entries(kinds).flatMap(([kind, make]) =>
    Array.from({ length: PER_KIND }, () => {
      const text = make();
      if (kind === "CJK 2") return { kind, text, like: `%${text}%` };
      const pieces = text.split(" ").map((word) => `"${word.replaceAll('"', '""')}"`);
      return { kind, text, match: pieces.join(" ") };
    }),
  );
}

/**
 * @param {string} text
 * @param {number} number
 * @param {number} at
 * @returns {import("./title-index.mjs").Title}
 */
export function titleOf(text, number, at) {
  const hex = (/** @type {number} */ value, /** @type {number} */ length) => value.toString(16).padStart(length, "0");
  const random = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  const id = `0193${hex(Math.floor(number / 9), 4)}-${hex(random >>> 16, 4)}-7${hex(random & 0xfff, 3)}-8000-${hex(random, 12)}`;
  return { id, text, isPrompt: false, archived: false, at, tie: "0000-k3f9x2ab" };
}
