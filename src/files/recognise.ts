import { parseApache } from '../../parsers/apache/parse.ts'
import type { ApacheLineNode } from '../../parsers/apache/syntax.ts'
import { parseNginx } from '../../parsers/nginx/parse.ts'
import type { NginxDirectiveNode, NginxNode } from '../../parsers/nginx/syntax.ts'
import { NO_BREAK_SPACE } from '../../parsers/text/no-break-space.ts'
import { isUnknownWord, type Source } from '../../parsers/text/source.ts'
import {
  type ApacheArity,
  acceptedContexts,
  apacheDirective,
  apacheSection,
  isWrittenAsForeign,
} from '../servers/apache/directives.ts'
import { externalModuleOf, nginxDirective } from '../servers/nginx/directives.ts'
import { programOfDirectory } from './known-places.ts'
import { isAlikeInWords, isPiece, signedProgram } from './other-program.ts'
import type { Program } from './program.ts'

/**
 * What a file seems to be.
 *
 * `whole`: it can stand alone for its program. `outer`: it holds what belongs to the top of a main file, which
 * a main file may also include, so that its name decides. `inner`: it defines servers and what they share, so
 * that files of its kind may be read side by side. `snippet`: lines that mean something only where another
 * file includes them.
 */
export interface Recognised {
  readonly program: Program
  readonly part: 'whole' | 'outer' | 'inner' | 'snippet'
  /** True where nearly every line is the program's, so that the file's name need not speak for it too. */
  readonly sure: boolean
}

/**
 * Tells nginx from Apache from everything else: by the directives that are theirs against the lines that are
 * neither's. Null where the former do not outweigh the latter: a file that only looks like a configuration is
 * not audited.
 */
export function recognise(written: Source): Recognised | null {
  const source = asMeant(written)
  if (/^#![ \t]*\//.test(source.code) || source.text.slice(0, 1000).includes('\0')) return null
  if (isOtherLanguage(source.code) || LITESPEED.test(source.path) || isPiece(source.path)) return null
  if (isAlikeInWords(source)) return null
  if (isAccessList(source.code)) return { program: 'nginx', part: 'snippet', sure: true }
  const apache = weighApache(source)
  const nginx = weighNginx(source)
  if (apache === null)
    return holdsPages(source, nginx) ? { program: 'nginx', part: nginx.part, sure: true } : null
  const settings = settingsAround(apache.settings, source, nginx.strings)
  nginx.against += settings
  apache.against += settings
  const [program, evidence] =
    apache.pro - apache.against > nginx.pro - nginx.against
      ? (['apache', apache] as const)
      : (['nginx', nginx] as const)
  const { pro, against, part } = evidence
  if (pro < COMMON_WEIGHT || pro <= against) return null
  const sure = pro >= 3 && pro >= 3 * against
  const isOthers = !sure && (OTHER_DIRECTORY.test(source.path) || signedProgram(source) !== null)
  return isOthers ? null : { program, part, sure }
}

/**
 * A byte-order mark and no-break spaces say nothing of whose the file is, though both servers take them for parts of
 * words, and refuse the lines that a person pasted with them.
 */
function asMeant(source: Source): Source {
  const start = source.text.startsWith('\uFEFF') ? 1 : 0
  if (start === 0 && !source.code.includes(NO_BREAK_SPACE)) return source
  return {
    ...source,
    text: source.text.slice(start),
    code: source.code.slice(start).replaceAll(NO_BREAK_SPACE, ' '),
  }
}

/**
 * True for a file that most lines show to be nginx's although its blocks or the ends of its lines are broken, so that
 * nginx itself would refuse it: the line that a person forgot to end takes the next ones with it.
 */
export function isBrokenNginx({ code }: Source): boolean {
  let pro = 0
  let against = 0
  let isNginxs = false
  for (const line of code.split('\n', MOST_LINES)) {
    const [, word = '', rest = ''] = /^[ \t}]*([^\s;{}]+)(.*)/.exec(line) ?? []
    // The rest of a line before it: quoted, or a variable.
    if (word === '' || /^["'#]/.test(word) || isUnknownWord(word)) continue
    const isKnown = /^\w+$/.test(word) && !/^\s*[=:]/.test(rest) && isNameOfNginx(word)
    if (!isKnown) against++
    else if (COMMON_NAMES.has(word)) pro += COMMON_WEIGHT
    else pro++
    if (isKnown && !COMMON_NAMES.has(word)) isNginxs = true
  }
  return isNginxs && pro >= against
}

/** Of modules that no package has, those names that say which they are: `exec` is everybody's. */
function isNameOfNginx(name: string): boolean {
  return nginxDirective(name).length > 0 || (/[_\d]/.test(name) && externalModuleOf(name) !== null)
}

/** What the settings weigh that are no part of a string which a directive of nginx goes on with. */
function settingsAround(
  settings: ApacheEvidence['settings'],
  { code }: Source,
  strings: NginxEvidence['strings'],
): number {
  let sum = 0
  for (const { at, weight } of settings) {
    const isPart = /["']/.test(code[at] ?? '') && strings.some(({ start, end }) => start < at && at < end)
    if (!isPart) sum += weight
  }
  return sum
}

/** True for addresses alone that are let in or kept out, where at least one line is ended as nginx ends it. */
function isAccessList(code: string): boolean {
  const lines = code.split('\n', MOST_LINES).filter(line => /^[ \t]*[^\s#]/.test(line))
  return lines.length > 1 && lines.every(line => ACCESS_LINE.test(line)) && /^[^#\n]*;/m.test(code)
}

const ACCESS_LINE =
  /^[ \t]*(?:allow|deny)[ \t]+(?:all|\d{1,3}(?:\.\d{1,3}){3}(?:\/\d+)?|[\da-f]*:[\da-f:]*(?:\/\d+)?)[ \t]*;?[ \t]*(?:#.*)?\r?$/i

/** A page of nginx's own, at the beginning of a location or a server. */
const PAGE =
  /^\s*(?:#[^\n]*\n\s*)*(?:location\s+(?:=|\^~|~\*?)?\s*\S+|server)\s*\{[^<]*\breturn\s+\d{3}\s+['"]\s*</

/** True for a file of nginx that sends pages of its own: `return 200 '<html>…'`, or what Lua prints. */
function holdsPages({ code }: Source, { pro, against }: Evidence): boolean {
  if (PAGE.test(code)) return true
  // A page may begin with what its template includes.
  return !/^[^\w#<]*</.test(code) && pro >= 5 && pro >= 5 * against
}

/** Directories of other programs: what lies in one is theirs, unless nearly every line says otherwise. */
const OTHER_DIRECTORY =
  /\/(?:proftpd|vsftpd|pure-ftpd|php(?:[\d.]*(?:-fpm)?)|fpm|pool\.d|redis|supervisord?|dovecot|postfix|exim4?|bind|named|mysql|mariadb|postgresql|fail2ban|systemd|modprobe\.d|modules-load\.d|sysctl\.d|udev|logrotate\.d|cron\.d|apparmor(?:\.d)?|bubblewrap|varnish|haproxy|squid|rsyslog(?:\.d)?|monit|munin|ssh|ldap|openldap|samba|lighttpd|litespeed|lsws|caddy|traefik)\/|[.-]proftpd\/|\/(?:named|rndc)[._-][^/]*$/i

/** LiteSpeed reads Apache's directives, and does not do with them what Apache does. */
const LITESPEED = /\/(?:litespeed|lsws|openlitespeed)\//i

/** What speaks for a program and against it; a plain line weighs one. */
interface Evidence {
  pro: number
  against: number
  part: Recognised['part']
}

interface NginxEvidence extends Evidence {
  /** Directives whose arguments go on in the next lines. */
  readonly strings: readonly { readonly start: number; readonly end: number }[]
}

/** No more lines are looked at: what a file is shows in its beginning. */
const MOST_LINES = 300

/** Names that many programs have: they say less than the others. */
const COMMON_NAMES: ReadonlySet<string> = new Set(
  (
    'include user group set root server default return timeout pid daemon loglevel listen if hash zone state ' +
    'error allow deny directory port limit option options define use alias protocol http_version index'
  ).split(' '),
)
const COMMON_WEIGHT = 0.5
/** A section or block is harder to meet by chance. */
const BLOCK_WEIGHT = 2

/** Blocks whose lines are data of a module, which no table knows. */
const DATA_BLOCKS: ReadonlySet<string> = new Set('map geo types split_clients charset_map match'.split(' '))

function weighNginx(source: Source): NginxEvidence {
  const strings: { readonly start: number; readonly end: number }[] = []
  const evidence = { pro: 0, against: 0, part: 'snippet' as Evidence['part'], strings }
  let left = MOST_LINES
  const visit = (nodes: readonly NginxNode[], isModules: boolean, isOthers: boolean): void => {
    for (const node of nodes) {
      if (node.kind !== 'directive' || left-- <= 0) continue
      const weight = weightInNginx(node, source)
      // A block that nginx does not know may have an `http` or a `server` of its own: `akka { http { … } }`.
      if (weight > 0) evidence.pro += isOthers ? Math.min(weight, COMMON_WEIGHT) : weight
      else if (!isModules) evidence.against -= weight
      const { name, args, block } = node
      if (weight > 0 && block === null && args.length > 1)
        strings.push({ start: name.start, end: node.terminator })
      if (block !== null && !DATA_BLOCKS.has(name.value))
        visit(block.children, isModules || isOfModule(name.value), isOthers || weight < 0)
    }
  }
  const { children } = parseNginx(source)
  visit(children, false, false)
  evidence.part = partOfNginx(children)
  return evidence
}

/** True for a block of a module outside nginx, which holds what it likes: variables, settings, code. */
function isOfModule(name: string): boolean {
  return nginxDirective(name).length === 0 && externalModuleOf(name) !== null
}

/** Below zero where the line is another's. */
function weightInNginx(
  { name: { value: name }, args, block, terminator }: NginxDirectiveNode,
  source: Source,
) {
  if (isUnknownWord(name)) return 0
  // Other languages have conditions without brackets or variables, or words behind them.
  if (name === 'if' && block !== null && !isCondition(args)) return -1
  if (block === null && source.code[terminator] !== ';') return 0
  const isBlock = block !== null
  const facts = nginxDirective(name).filter(each => each.block === isBlock)
  const isShaped = facts.some(
    ({ minimum, maximum }) => args.length >= Math.min(minimum, 1) && args.length <= maximum,
  )
  // A block of a module has a name at most, and `var x = 1;` is JavaScript.
  const isModules = externalModuleOf(name) !== null && !(isBlock && args.length > 1) && args[1]?.value !== '='
  if (isShaped || name.endsWith('_by_lua_block') || isModules) {
    // `return`, `if` and `rewrite` of other languages look like these; what follows them does not.
    if (isBlock) return name === 'server' && args.length > 0 ? COMMON_WEIGHT : BLOCK_WEIGHT
    return COMMON_NAMES.has(name) && !isTelling(name, args[0]?.value ?? '') ? COMMON_WEIGHT : 1
  }
  // Modules that no table knows bring names of this shape.
  if (!isBlock && /^[a-z][a-z0-9]*_[a-z0-9_]+$/.test(name)) return 0
  return facts.length > 0 ? 0 : -1
}

function isCondition(args: NginxDirectiveNode['args']): boolean {
  const first = args[0]?.value ?? ''
  const last = args.at(-1)?.value ?? ''
  const text = args.map(({ value }) => value).join(' ')
  return isUnknownWord(first + last) || (/^\(\s*["']?(?:\$|!?-)/.test(text) && last.endsWith(')'))
}

/** An argument that a common name has in nginx alone. */
function isTelling(name: string, first: string): boolean {
  if (name === 'return') return /^\d{3}$/.test(first)
  if (name === 'set') return first.startsWith('$')
  return (name === 'root' || name === 'alias' || name === 'include') && /[/.*]/.test(first)
}

const OUTER_BLOCKS: ReadonlySet<string> = new Set(['http', 'stream', 'mail'])

function partOfNginx(nodes: readonly NginxNode[]): Evidence['part'] {
  let events = false
  let outer = false
  let inner = false
  for (const node of nodes) {
    if (node.kind !== 'directive') continue
    const { name, block } = node
    if (name.value === 'events' && block !== null) events = true
    else if (block !== null ? OUTER_BLOCKS.has(name.value) : name.value === 'worker_processes') outer = true
    else if (isOfHttp(node)) inner = true
  }
  if (events) return outer ? 'whole' : 'outer'
  if (outer) return 'outer'
  return inner ? 'inner' : 'snippet'
}

/** True where a directive may stand in no server and no location. */
function isOfHttp({ name, block }: NginxDirectiveNode): boolean {
  const facts = nginxDirective(name.value).filter(each => each.block === (block !== null))
  if (name.value === 'server') return block !== null
  // It says nothing: it stands in a server as well as around one.
  if (name.value === 'include') return false
  return (
    facts.length > 0 &&
    facts.every(({ contexts }) =>
      contexts.every(context => /^(?:main|events|http|stream|mail)$/.test(context)),
    )
  )
}

interface ApacheEvidence extends Evidence {
  /** `[section]`, `key = value` and `key: value`, which neither program writes. */
  readonly settings: { readonly at: number; readonly weight: number }[]
}

const MAIN_NAMES: ReadonlySet<string> = new Set([
  'serverroot',
  'pidfile',
  'defaultruntimedir',
  'scoreboardfile',
])
const ACTS: ReadonlySet<string> = new Set(['loadmodule', 'listen', 'include', 'includeoptional'])

/** True for a module that a file about one thing loads for itself: no main file does without the others. */
function isExtraModule(name: string, module: string): boolean {
  return name === 'loadmodule' && !/^(?:mpm_\w+|authz_core|unixd)_module$/.test(module)
}

/** Directives that the table has not: of releases before 2.4, and of PHP's own module. */
const MORE_NAMES: ReadonlySet<string> = new Set(
  (
    'namevirtualhost defaulttype lockfile acceptmutex authdefaultauthoritative servertype addmodule ' +
    'php_value php_flag php_admin_value php_admin_flag'
  ).split(' '),
)

/** What only another program with sections in angle brackets writes. */
const FOREIGN_NAMES: ReadonlySet<string> = new Set(
  (
    'defaultserver defaultroot requirevalidshell maxinstances umask allowoverwrite passiveports tlsengine ' +
    'maxconn advertiseserver mimetypes useftpusers usereversedns authorder multilinerfc2228 timesgmt defaulttransfermode socketbindtight ' +
    'viaproxyname defaulterrorfile statfile stathost connectport filterurls filterdefaultdeny xtinyproxy ' +
    'systemgroup webinterface defaultauthtype browsing browselocalprotocols jobprivateaccess jobprivatevalues ' +
    'commandssocket loadmagicfile modulesdir servicesdir templatedir serverlog maxservers debuglevel ' +
    'localsocket scanarchive logsyslog databasedirectory databasemirror streammaxlength scanpe ' +
    'logfilemaxsize allowsupplementarygroups modulepath modulecontrolsacls ' +
    'browseorder browseallow browsedeny browseaddress browseremoteprotocols browsepoll browseinterval sslport ' +
    'sslpassword logdebughistory maxlogsize preservejobfiles preservejobhistory maxjobs errorpolicy policy'
  ).split(' '),
)

/** Lines of a snippet that say where in the site they act, so that they do so wherever they are read. */
const PLACED_NAMES =
  /^(?:virtualhost|directory|directorymatch|location|locationmatch|servername|documentroot|alias|aliasmatch|scriptalias|wsgi.*|proxypass.*|use|macro)$/

/** Null where it is markup. */
function weighApache(source: Source): ApacheEvidence | null {
  const evidence: ApacheEvidence = { pro: 0, against: 0, part: 'snippet', settings: [] }
  const isInApaches = source.path.split('/').some(name => programOfDirectory(name) === 'apache')
  let outer = false
  let acts = false
  let loadsExtra = false
  let inner = false
  let isCapital = false
  let isApaches = false
  let depth = 0
  let left = MOST_LINES
  for (const node of parseApache(source)) {
    if (node.kind === 'comment') continue
    if (left-- <= 0) break
    const line = source.code.slice(node.start, node.end)
    const name = node.name.value.toLowerCase()
    if (isMarkup(line, name)) return null
    if (node.kind === 'close') {
      depth--
      continue
    }
    if (node.kind === 'open') depth++
    // nginx and its kin end a line so; `${NAME}` and `%{GROUP}` end one of Apache's.
    if (/[;{}]$/.test(line) && !/[$%]\{/.test(line)) continue
    if (isSetting(node.name.value, node.words[0]?.value ?? '')) {
      evidence.settings.push({ at: node.start, weight: name.startsWith('[') ? 3 : 1 })
      continue
    }
    const weight = weightInApache(node, isInApaches)
    if (weight > 0) evidence.pro += weight
    else evidence.against -= weight
    if (weight > 0 && !COMMON_NAMES.has(name)) isApaches = true
    if (weight > 0 && (node.kind === 'open' || /[A-Z_]/.test(node.name.value))) isCapital = true
    if (node.kind === 'directive' && ACTS.has(name)) {
      if (isExtraModule(name, node.words[0]?.value ?? '')) loadsExtra = true
      else acts = true
    }
    if (node.kind === 'directive' && MAIN_NAMES.has(name) && depth === 0) outer = true
    if (weight > 0 && (PLACED_NAMES.test(name) || isOfServer(name))) inner = true
  }
  // Everybody's lines: a few of them say nothing where none is written as Apache's are.
  if (!isCapital && (evidence.pro < 2 || !isApaches)) evidence.pro = 0
  if (outer && (acts || loadsExtra)) evidence.part = 'whole'
  else if (outer || acts || (loadsExtra && !inner)) evidence.part = 'outer'
  else if (inner) evidence.part = 'inner'
  return evidence
}

function weightInApache(
  { kind, name: { value: written }, words }: ApacheLineNode,
  isInApaches: boolean,
): number {
  const name = written.toLowerCase()
  if (isUnknownWord(written)) return 0
  if (FOREIGN_NAMES.has(name)) return -3
  // Apache gave it up with its second release, and others did not.
  if (name === 'port') return 0
  if (name === 'loglevel' && /^\d/.test(words[0]?.value ?? '')) return -1
  if (kind === 'open') return apacheSection(name) === undefined ? -1 : BLOCK_WEIGHT
  const facts = apacheDirective(name)
  if (MORE_NAMES.has(name) || (facts !== undefined && apacheSection(name) === undefined)) {
    const isCommon = COMMON_NAMES.has(name)
    if (facts !== undefined && !takes(facts.arity, words.length)) return isCommon ? -1 : 0
    if (name === 'loadmodule') return BLOCK_WEIGHT
    const weight = isCommon ? COMMON_WEIGHT : 1
    // Hardly anybody writes Apache's names without a capital, and every other program does.
    return written === name ? weight / 2 : weight
  }
  // The rules of ModSecurity are read by its library for nginx too.
  if (isWrittenAsForeign(written)) return written.startsWith('Sec') && !isInApaches ? 0 : 1
  // Modules that no table knows bring names of this shape.
  return /^[A-Z](?=\w*[a-z])\w*[A-Z_]\w*$/.test(written) ? -0.25 : -1
}

/** Words that a directive takes at most; the rest take any number. */
const MOST_WORDS: Partial<Record<ApacheArity, number>> = { '0': 0, '1': 1, flag: 1, '2': 2, '1|2': 2 }

function takes(arity: ApacheArity, count: number): boolean {
  return (
    count <= (MOST_WORDS[arity] ?? Number.POSITIVE_INFINITY) &&
    (count > 0 || arity === '0' || arity === 'raw')
  )
}

/** True where a directive may stand in no virtual host. */
function isOfServer(name: string): boolean {
  const facts = apacheDirective(name)
  if (facts === undefined) return false
  const contexts = acceptedContexts(facts)
  return contexts.size > 0 && !contexts.has('virtualhost') && !contexts.has('directory')
}

function isSetting(name: string, first: string): boolean {
  if (/^\[.*\]?$/.test(name)) return true
  if (first === '=' || first.startsWith('=>') || first === ':=') return true
  return /^[\w.$-]+(?:\[[^\]]*\])?[=:]/.test(name) && !name.includes('${')
}

/** XML and HTML close an element on its own line; `<Directory />` only looks so. */
function isMarkup(line: string, name: string): boolean {
  if (line.startsWith('<') && /^<[?!]|^<[^>]*>.*<\//.test(line)) return true
  return line.startsWith('<') && line.endsWith('/>') && apacheSection(name) === undefined
}

/** A text that follows in a file of YAML, which may hold what a server reads. */
const BLOCK_OF_YAML = /^[ \t]*(?:- )?[\w.-]+:[ \t]*[|>][-+\d]*[ \t]*(?:#.*)?$/m

/** A script writes the file that follows. */
const HERE_DOCUMENT = /^[ \t]*(?:sudo[ \t]+)?(?:cat|tee)\b[^\n]*<<[-~]?[ \t]*["']?[A-Za-z_]/m

/** Texts that tests compare with, one behind the other, each below the name of its test. */
const SNAPSHOT = /^\[\w[\w./ -]* - \d+\]\r?$|^exports\[`/m

/** Perl says `use` and `return` too. */
const PERL = /^(?:use (?:strict|warnings)\b|sub \w+[ \t]*\{|[ \t]*my [$@%]\w+[ \t]*[=;])/m

/** What Text::Template runs between braces: of such fragments a program makes the file. */
const PERL_BLOCK = /^[ \t]*\$OUT[ \t]*\.?=/m

/** Modules of both servers run Perl that stands in their files. */
const HOLDS_PERL = /^[ \t]*(?:perl(?:_set|_modules|_require)?[ \t]|<Perl>)/m

/** Shells have `if`, `set`, `return` and braces, too; Lua has a `then`, but no `;` before it. */
const SHELL =
  /^[ \t]*(?:fi|done|esac)[ \t]*(?:[;|&>#)].*)?\r?$|;[ \t]*then[ \t]*\r?$|^[ \t]*(?:function[ \t]+)?[\w-]+[ \t]*\(\)[ \t]*\{/m

/** The sections of what installs a machine (Anaconda) or a package (RPM), most of which a shell runs. */
const SECTIONS_OF_SHELL =
  /^%(?:packages|pre|post|preun|postun|prep|build|install|addon|ksappend)\b(?![ \t]*[=;{])/m

/** JavaScript ends its lines as nginx does. */
const JAVASCRIPT = /^(?:var|let) [A-Za-z_$][\w$]*[ \t]*[=;]/m

/** How JSON, Go, HCL and a bundle of JavaScript begin. */
const BEGINS_OTHERWISE =
  /^\s*(?:\{\s*["'}]|\[\s*[[{"]|import[ {"']|export[ {]|const |package |resource |[!;(+]*(?:async )?function\b[ \w$]*\(|"[^"]*"\s*:)/

/** JSON, JavaScript, Go and HCL have blocks called `http` and `server` too. */
function isOtherLanguage(code: string): boolean {
  return (
    BLOCK_OF_YAML.test(code) ||
    HERE_DOCUMENT.test(code) ||
    SNAPSHOT.test(code) ||
    (PERL.test(code) && !HOLDS_PERL.test(code)) ||
    PERL_BLOCK.test(code) ||
    JAVASCRIPT.test(code) ||
    SHELL.test(code) ||
    SECTIONS_OF_SHELL.test(code) ||
    BEGINS_OTHERWISE.test(code)
  )
}
