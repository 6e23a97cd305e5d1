import { posix } from 'node:path'
import { parseNginx } from '../../../parsers/nginx/parse.ts'
import { type Source, textSource } from '../../../parsers/text/source.ts'
import { STAND_IN } from '../../../parsers/text/stand-in.ts'
import { overlaidFiles } from '../../files/overlaid-files.ts'
import type { Problem } from '../problem.ts'
import type { NginxConfiguration, NginxProblemCode } from './configuration.ts'
import { nginxVariable } from './directives.ts'
import { evaluateNginx, type NginxInput } from './evaluate.ts'
import { fragmentContexts } from './fragments.ts'

const DIRECTORY = `${STAND_IN}nginx`

/** A main file that has no more for the servers it includes than those of nginx's packages have. */
const PLAIN_MAIN = mainWith('')

/**
 * The one of Elastic Beanstalk, whose agent reads a log of its own.
 * @see https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/health-enhanced-serverlogs.html
 */
const MAIN_OF_BEANSTALK = mainWith(`
    log_format healthd '$msec"$uri"$status';
    map $http_upgrade $connection_upgrade {
        default "upgrade";
    }`)

function mainWith(lines: string): Source {
  return textSource(
    `${DIRECTORY}/nginx.conf`,
    `events {}
http {
    include mime.types;
    log_format main '$remote_addr';${lines}
    include ${DIRECTORY}/sites/*.conf;
}
`,
  )
}

/** Its directories in a project, the file that it writes first into nginx's, and the log that its agent reads. */
const OF_BEANSTALK = /\/\.(?:ebextensions|platform)\/|\/elasticbeanstalk\/|\/var\/log\/nginx\/healthd\//

function isOfBeanstalk({ path, text }: Source): boolean {
  return OF_BEANSTALK.test(path) || OF_BEANSTALK.test(text)
}

/** What only something outside of a server can put right: a definition that is missing, sizes that fit. */
const MISSING: ReadonlySet<NginxProblemCode> = new Set([
  'buffers-inconsistent',
  'unknown-variable',
  'unknown-zone',
  'unknown-log-format',
  'certificate-missing',
])

/**
 * What nginx refuses of the servers in fragments for want of a definition, where neither they have it, nor the main
 * file of nginx's packages, nor any of some other texts.
 *
 * @param others the texts among which one may be that defines it; null where they are too many
 */
export function supposedProblems(
  input: NginxInput,
  others: () => readonly Source[] | null,
): NginxConfiguration['problems'] {
  const { fragments, files } = input
  if (!fragments.some(mayLackSomething) || !fragments.every(holdsServers)) return []
  const sources = new Map(
    fragments.map((source, index) => [
      posix.join(DIRECTORY, 'sites', `${String(index).padStart(6, '0')}.conf`),
      source,
    ]),
  )
  const { problems } = evaluateNginx({
    ...input,
    files: overlaidFiles(files, { sources }),
    main: fragments.some(isOfBeanstalk) ? MAIN_OF_BEANSTALK : PLAIN_MAIN,
    fragments: [],
  })
  // Beside sites that have been placed their own main file is left out, and it may define names as no package does.
  const isPlaced = fragments.some(({ path }) => path.startsWith('/etc/nginx/'))
  const missing = problems.filter(
    problem =>
      MISSING.has(problem.code) &&
      (!isPlaced || problem.code === 'certificate-missing') &&
      !isFilledIn(problem),
  )
  const texts = missing.length === 0 ? null : others()
  if (texts === null) return []
  const isOfAlpine = [...fragments, ...texts].some(
    ({ path, text }) => OF_ALPINE.test(path) || BY_APK.test(text),
  )
  return missing.filter(
    problem =>
      !(isOfAlpine && problem.message.endsWith('`$connection_upgrade`')) &&
      !texts.some(source => mayDefine(source, problem)),
  )
}

/**
 * The main file of Alpine's package has the `map` of WebSockets, and includes this directory.
 * @see https://git.alpinelinux.org/aports/tree/main/nginx/nginx.conf
 */
const OF_ALPINE = /\/http\.d\//
const BY_APK = /\bapk\b(?:[^\n\\]|\\\s)*\badd\b(?:[^\n\\]|\\\s)*\snginx\b/

/** False for a file that is plainly complete by itself: there is no need to read it once more. */
function mayLackSomething({ code }: Source): boolean {
  for (const [, name = ''] of code.matchAll(/\$\{?([a-z]\w*)/gi))
    if (nginxVariable('http', name.toLowerCase()) === null) return true
  return NEEDS.some(([asks, has]) => (code.match(asks)?.length ?? 0) > (code.match(has)?.length ?? 0))
}

const NEEDS: readonly (readonly [asks: RegExp, has: RegExp])[] = [
  [/\b(?:limit_req|limit_conn|\w+_cache)\s/g, /_(?:zone|path)\s/g],
  [/\baccess_log\s+[^\s;]+\s+(?!main\b|combined\b)[^\s;]/g, /\blog_format\s/g],
  [/\blisten\s[^;]*\b(?:ssl|quic)\b/g, /\bssl_certificate\s/g],
  [/\b(?:proxy|fastcgi|uwsgi|scgi)_(?:buffers|buffer_size)\s/g, /$^/g],
]

/** True for a file whose every line may stand in `http`, some of it a server. */
function holdsServers(source: Source): boolean {
  const contextOf = fragmentContexts(source)
  const nodes = parseNginx(source).children.filter(node => node.kind === 'directive')
  return nodes.some(({ name }) => name.value === 'server') && nodes.every(node => contextOf(node) === 'http')
}

/** `$SITE` is nobody's variable: a script puts something in its place. */
function isFilledIn({ at: { source, start, end } }: Problem<NginxProblemCode>): boolean {
  return /\$\{?[A-Z]/.test(source.text.slice(start, end))
}

/**
 * True for a text of the problem's own file that has the name in other lines than those which ask for it, and for any
 * other that has it at all: what two files ask for is something that people know to be there.
 */
function mayDefine({ path, text }: Source, { at, code, message }: Problem<NginxProblemCode>): boolean {
  const isOwn = at.source.path === path || at.source.path.startsWith(path)
  // Certificates that stand beside a server are its own.
  if (code === 'certificate-missing')
    return !isOwn && /ssl_certificate/.test(text) && !/\bserver\s*\{/.test(text)
  if (code === 'buffers-inconsistent') {
    const family = /^`([a-z]+)_/.exec(message)?.[1] ?? ''
    return !isOwn && text.includes(`${family}_b`) && SIZES.test(text) && !/\bserver\s*\{/.test(text)
  }
  const name = /`\$?([^`]+)`$/.exec(message)?.[1] ?? ''
  if (name === '' || !text.includes(name)) return name === ''
  const naming = text.split('\n').filter(line => line.split(/[^\w-]+/).includes(name))
  // Zones have the names of everyday things.
  if (
    code === 'unknown-zone' &&
    !(isOwn ? naming.some(line => line.includes('zone')) : text.includes('zone'))
  )
    return false
  return naming.some(line => !isOwn || USES[code]?.test(line) !== true)
}

const SIZES = /_(?:buffers|buffer_size|busy_buffers_size)\s/

/** Lines that ask for a name: whatever else has it may define it, a program or a file of settings too. */
const USES: Readonly<Partial<Record<NginxProblemCode, RegExp>>> = {
  'unknown-variable': /^(?!\s*(?:\w+_)?(?:map|geo|set|split_clients)\b).*\$/,
  'unknown-zone': /^(?!.*(?:_zone|_path)\b)/,
  'unknown-log-format': /\baccess_log\s/,
}
