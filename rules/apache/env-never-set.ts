import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      LogFormat "%h %U" short
      ${lines}
    `,
    ['headers', 'setenvif', 'env', 'rewrite', 'access_compat', 'authz_host', 'dir'],
  ),
  'srv/www/index.html': 'page',
})
const CORS = 'SetEnvIf Origin "^https://(www\\.)?example\\.com$" ALLOWED=$0'

export default defineRule({
  summary: 'A line waits for a variable that nothing sets',
  severity: 'error',
  confidence: 'medium',
  since: '0.1.0',
  why: '`env=NAME` holds where the variable is set. Where no `SetEnvIf`, `SetEnv` or `RewriteRule` with `[E=…]` has that name, the header is never sent, nothing is logged and nobody is let in or kept out.',
  remedy: 'Use the name that the line above sets',
  references: ['https://httpd.apache.org/docs/2.4/env.html'],
  bad: [
    {
      title: 'a header',
      files: main(conf`
        ${CORS}
        Header set Access-Control-Allow-Origin "%{ALLOWED}e" «env=ORIGIN_ALLOWED»
      `),
    },
    {
      title: 'an access rule',
      files: main(conf`
        SetEnvIfNoCase User-Agent badbot bad_bot
        <Location />
            Order allow,deny
            Allow from all
            Deny from «env=badbot»
        </Location>
      `),
    },
    {
      title: 'a log',
      files: main(conf`
        SetEnvIf Request_URI ^/api is_api
        CustomLog /var/log/apache2/api.log short «env=api»
      `),
    },
    {
      title: 'a log that is to leave something out',
      files: main(conf`
        SetEnvIf Request_URI ^/health dontlog
        CustomLog /var/log/apache2/access.log short «env=!nolog»
      `),
    },
    {
      title: 'Require',
      files: main(conf`
        SetEnvIf X-Token ^secret$ known_client
        <Location /hooks>
            Require env «known»
        </Location>
      `),
    },
  ],
  good: [
    {
      title: 'set by SetEnvIf, for all and by RewriteRule',
      files: main(conf`
        ${CORS}
        Header set Access-Control-Allow-Origin "%{ALLOWED}e" env=ALLOWED
        SetEnv everywhere 1
        Header set X-All 1 env=everywhere
        RewriteEngine On
        RewriteRule ^/x - [E=ruled:1]
        Header set X-Ruled 1 env=ruled
      `),
    },
    {
      title: 'a log that leaves out what is marked',
      files: main(conf`
        SetEnvIf Request_URI ^/health dontlog
        CustomLog /var/log/apache2/access.log short env=!dontlog
      `),
    },
    {
      title: 'what is to be unset, and what a module sets',
      files: main(conf`
        CustomLog /var/log/apache2/access.log short env=!quiet
        Header set Strict-Transport-Security "max-age=300" env=HTTPS
        Header set X-Redirected 1 env=REDIRECT_STATUS
      `),
    },
    {
      title: 'a module that is not of httpd may set it',
      files: main(conf`
        LoadModule security2_module /usr/lib/apache2/modules/mod_security2.so
        CustomLog /var/log/apache2/audit.log short env=relevant
      `),
    },
    {
      title: 'an access rule with the name that is set',
      files: main(conf`
        SetEnvIfNoCase User-Agent badbot bad_bot
        <Location />
            Order allow,deny
            Allow from all
            Deny from env=bad_bot
        </Location>
      `),
    },
    { title: 'a fragment', files: { 'site.conf': 'Header set X-Api 1 env=api\n' } },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const readers = readersOf(configuration, files)
      if (!readers.length && !configuration.occurrences.has('customlog')) continue
      if (!isWhole(configuration) || mayBeSetByOthers(configuration)) continue
      const { names, open } = setters(configuration, files)
      if (open) continue
      for (const { name, at } of readers) {
        if (names.has(name.toLowerCase()) || OF_MODULES.test(name)) continue
        yield { at, message: `nothing sets \`${name}\`, so this line never holds` }
      }
      yield* leftOut(configuration, files, names)
    }
  },
})

/** A log that leaves out what nothing marks, while a line marks requests for nobody. */
function* leftOut(configuration: ApacheConfiguration, files: FileSystem, names: ReadonlySet<string>) {
  const logs = everywhere(configuration, files, 'customlog').flatMap(line =>
    line.args.flatMap(({ value }, index) => {
      const name = /^env=!([\w.-]+)$/i.exec(value)?.[1]
      return name === undefined || names.has(name.toLowerCase()) || OF_MODULES.test(name)
        ? []
        : [{ name, at: argumentPlace(line, index) }]
    }),
  )
  if (logs.length === 0) return
  const marking = ['setenvif', 'setenvifnocase', 'browsermatch', 'browsermatchnocase'].flatMap(kind =>
    everywhere(configuration, files, kind).flatMap(line =>
      line.args
        .slice(SETTERS[kind as keyof typeof SETTERS])
        .flatMap(({ value }, index) =>
          /^[\w.-]+$/.test(value) && !OF_MODULES.test(value)
            ? [{ name: value, at: argumentPlace(line, index + SETTERS[kind as keyof typeof SETTERS]) }]
            : [],
        ),
    ),
  )
  const asked = new Set(
    READERS.flatMap(kind =>
      everywhere(configuration, files, kind).flatMap(({ args }) =>
        args.flatMap(({ value }) => value.toLowerCase().match(/[\w.-]+/g) ?? []),
      ),
    ),
  )
  const unread = marking.find(({ name }) => !asked.has(name.toLowerCase()))
  if (unread === undefined) return
  for (const { name, at } of logs)
    yield {
      at,
      message: `nothing sets \`${name}\`, so the log leaves nothing out`,
      related: [{ at: unread.at, message: `\`${unread.name}\` is set, and nothing asks for it` }],
    }
}

/** Lines that may ask for a variable. */
const READERS = [
  'customlog',
  'transferlog',
  'globallog',
  'logformat',
  'errorlogformat',
  'header',
  'requestheader',
  'allow',
  'deny',
  'require',
  'rewritecond',
  'rewriterule',
  'setenvifexpr',
  'if',
  'elseif',
]

/** Names that httpd and its own modules set. */
const OF_MODULES =
  /^(?:HTTP|SSL|TLS|H2|REDIRECT|REMOTE|SERVER|REQUEST|AUTH|LDAP|BALANCER|CACHE|RATELIMIT|UNIQUE|DOCUMENT|CONTEXT|SCRIPT|PATH|QUERY|GATEWAY|PROXY|SESSION|FORENSIC|MOD_|DAV|WSGI|mod_|proxy-|cache-|remoteip-|session|no-|nokeepalive|force-|downgrade|suppress-|redirect-|dont-|gzip-|error-notes|verbose-|prefer-language|static|rl-|rate-|loglevel)/i

interface Reader {
  readonly name: string
  readonly at: Place
}

/** Every `env=NAME` that is to be set, and `Require env`. */
function readersOf(configuration: ApacheConfiguration, files: FileSystem): readonly Reader[] {
  const found: Reader[] = []
  for (const kind of ['header', 'requestheader', 'customlog', 'transferlog', 'allow', 'deny']) {
    for (const directive of everywhere(configuration, files, kind)) {
      for (const [index, { value }] of directive.args.entries()) {
        const name = index === 0 ? undefined : /^env=([\w.-]+)$/i.exec(value)?.[1]
        if (name !== undefined && isSettled(value)) found.push({ name, at: argumentPlace(directive, index) })
      }
    }
  }
  for (const directive of everywhere(configuration, files, 'require')) {
    if (directive.args[0]?.value.toLowerCase() !== 'env') continue
    for (const [index, { value }] of directive.args.entries())
      if (index > 0 && /^[\w.-]+$/.test(value))
        found.push({ name: value, at: argumentPlace(directive, index) })
  }
  return found
}

/** The names that lines set; `open` where one of them is made of a variable. */
function setters(
  configuration: ApacheConfiguration,
  files: FileSystem,
): { readonly names: ReadonlySet<string>; readonly open: boolean } {
  const names = new Set<string>()
  let open = false
  const add = (value: string): void => {
    const name = /^!?([^=:]*)/.exec(value)?.[1] ?? ''
    if (!isSettled(name) || /[$%]/.test(name)) open = true
    names.add(name.toLowerCase())
  }
  for (const [kind, from] of Object.entries(SETTERS))
    for (const { args } of everywhere(configuration, files, kind))
      for (const { value } of kind === 'setenv' ? args.slice(0, 1) : args.slice(from)) add(value)
  for (const { environment } of placedRules(configuration, files)) for (const each of environment) add(each)
  return { names, open }
}

/** The lines that set variables, each with the first argument that names one. */
const SETTERS = {
  setenv: 0,
  setenvif: 2,
  setenvifnocase: 2,
  setenvifexpr: 1,
  browsermatch: 1,
  browsermatchnocase: 1,
  passenv: 0,
} as const

/** True where a program inside of Apache, or a module of others, may set variables too. */
function mayBeSetByOthers({ modules }: ApacheConfiguration): boolean {
  return [...modules.values()].some(({ id, file }) => file === null || RUNS_CODE.test(id))
}

const RUNS_CODE = /^(?:lua|perl|php\d?|security\d?|python|ruby)_module$/
