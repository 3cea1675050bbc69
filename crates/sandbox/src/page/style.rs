//! The pages' one style sheet.

/// Light and dark by the reader's setting; tables turn into cards where the screen is narrow.
pub(super) const SHEET: &str = r#"
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#1b2530;--soft:#5c6a78;--line:#e1e6eb;--accent:#1f6feb;
--good:#1a7f4b;--warn:#a15c00;--bad:#b42318;--tint:#eef4ff}
@media(prefers-color-scheme:dark){:root{--bg:#10151b;--card:#18202a;--ink:#e4eaf0;--soft:#94a3b3;--line:#2a3542;
--accent:#6ea8ff;--good:#4cc38a;--warn:#f0a94b;--bad:#ff7b72;--tint:#1c2a3e}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{background:var(--card);border-bottom:1px solid var(--line)}
header>div,main{max-width:1240px;margin:0 auto;padding:0 1.25rem}
header>div{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1rem;padding-top:.9rem;padding-bottom:.9rem}
h1{font-size:1.15rem;margin:0}h1 a{color:inherit}
h2{font-size:1rem;margin:0;min-width:0;overflow-wrap:anywhere}
nav a{margin-right:.75rem}
nav.pages{display:flex;justify-content:space-between;align-items:baseline;gap:1rem;padding:.65rem 1rem}nav.pages a{margin:0}
form{display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:center;padding:.65rem 1rem;border-bottom:1px solid var(--line);font-size:.9rem}
input[type=search],button{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--line);border-radius:7px;padding:.3rem .6rem}
input[type=search]{flex:1 1 14rem;min-width:0}button{cursor:pointer}
header p{margin:0;color:var(--soft);font-size:.85rem}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
.counts{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.25rem 0}
.counts div{flex:1 1 7.5rem;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem .9rem}
.counts b{display:block;font-size:1.45rem;line-height:1.2;font-variant-numeric:tabular-nums}
.counts span{color:var(--soft);font-size:.8rem}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;margin:1.25rem 0;overflow:hidden}
section>.head{display:flex;justify-content:space-between;align-items:baseline;gap:1rem;padding:.75rem 1rem;border-bottom:1px solid var(--line)}
section>.head:last-child{border-bottom:0}
section>.head small,small{color:var(--soft)}
table{width:100%;border-collapse:collapse;font-size:.9rem}
th{text-align:left;font-weight:600;font-size:.75rem;color:var(--soft);padding:.5rem .75rem;border-bottom:1px solid var(--line);white-space:nowrap}
td{padding:.5rem .75rem;border-bottom:1px solid var(--line);vertical-align:top}
table.requests th:first-child,table.requests th:nth-child(2),table.requests th:last-child{width:1%}
table.requests td:last-child{overflow-wrap:normal}table.requests td:last-child a{white-space:nowrap}
td.wide{overflow-wrap:anywhere}td.name{overflow-wrap:break-word;min-width:8.5rem}td.short{white-space:nowrap}
tr:last-child td{border-bottom:0}
tbody tr:hover{background:var(--tint)}
.num,time,code{font-variant-numeric:tabular-nums}
.num{text-align:right;white-space:nowrap}
time{white-space:nowrap;color:var(--soft)}
code{font:.85em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.pill{display:inline-block;border-radius:99px;padding:.05rem .6rem;font-size:.78rem;font-weight:600;white-space:nowrap;border:1px solid currentColor}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.calm{color:var(--accent)}.gone{color:var(--soft)}
tr.closed td:not(:nth-child(4)){opacity:.72}
section>.head>.pill{flex:none}
.empty{padding:1.75rem 1rem;margin:0;color:var(--soft);text-align:center}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.75rem 1.25rem;margin:0;padding:1rem}
dt{color:var(--soft);font-size:.75rem}dd{margin:0;overflow-wrap:anywhere}
iframe{display:block;width:100%;height:12rem;border:0;resize:vertical;background:#fff}
.note{padding:.75rem 1rem;border-bottom:1px solid var(--line)}.note:last-child{border-bottom:0}
.note p{margin:.3rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere}
.note.private{border-left:3px solid var(--warn)}
details summary{cursor:pointer}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:.8rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;margin:.5rem 0 0;max-height:22rem;overflow:auto}
footer{max-width:1240px;margin:0 auto;padding:0 1.25rem 2rem;color:var(--soft);font-size:.8rem}
@media(max-width:760px){
header>div,main,footer{padding-left:.75rem;padding-right:.75rem}
.counts{display:grid;grid-template-columns:1fr 1fr;gap:.5rem}
.counts div:last-child:nth-child(odd){grid-column:1/-1}
thead{display:none}
tr{display:grid;grid-template-columns:1fr auto;gap:.1rem .75rem;padding:.65rem .85rem;border-bottom:1px solid var(--line)}
tr:last-child{border-bottom:0}
td{border:0;padding:0}
td.wide{grid-column:1/-1}
td[data-name]:before{content:attr(data-name) " ";color:var(--soft);font-size:.75rem}
td.num{text-align:left}
dl{grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr))}
section>.head{flex-wrap:wrap}
}
"#;
