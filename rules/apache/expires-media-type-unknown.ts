import { groupBy } from '../../parsers/collections/group-by.ts'
import { once } from '../../parsers/collections/once.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain, servedHtaccess } from '../_examples.ts'

const site = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      TypesConfig /etc/mime.types
      ServerName example.org
      DocumentRoot /srv/www
      ExpiresActive On
      ${lines}
    `,
    ['expires', 'mime', 'dir'],
  )

export default defineRule({
  summary: 'ExpiresByType names a media type that no file has',
  severity: 'warning',
  otherSeverities: { info: 'for the former types of scripts, which old servers still send' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`ExpiresByType` compares the whole `Content-Type`, and the type of `photo.jpg` is `image/jpeg`: of a type that only looks right no file gets a time of expiry, and browsers ask for each again. Scripts were `application/x-javascript` once, and lists that are copied on still have it alone.',
  remedy: 'Write the type as `mime.types` has it: `image/jpeg`, `image/svg+xml`, `text/javascript`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_expires.html#expiresbytype',
    'https://www.iana.org/assignments/media-types/media-types.xhtml',
  ],
  bad: [
    {
      title: 'the extension in place of the type',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          ExpiresByType «image/jpg» "access plus 1 year"
          ExpiresByType image/png "access plus 1 year"
        `),
      },
    },
    {
      title: 'a part of the type, in `.htaccess`',
      files: servedHtaccess(conf`
        ExpiresActive On
        ExpiresByType «image/svg» "access plus 1 month"
        ExpiresByType text/css "access plus 1 month"
      `),
    },
    {
      title: 'the former types of scripts alone',
      files: servedHtaccess(conf`
        ExpiresActive On
        ExpiresByType text/css "access plus 1 month"
        ExpiresByType «application/x-javascript» "access plus 1 month"
      `),
    },
    {
      title: 'the former type of scripts, which are given that of today, beside a short time for all others',
      files: servedHtaccess(conf`
        AddType application/javascript .js .mjs
        ExpiresActive On
        ExpiresDefault "access plus 2 hours"
        ExpiresByType text/css "access plus 1 year"
        ExpiresByType «application/x-javascript» "access plus 1 year"
      `),
    },
    {
      title: 'a part of the type, beside a short time for all others',
      files: servedHtaccess(conf`
        ExpiresActive On
        ExpiresDefault A600
        ExpiresByType «image/svg» A2592000
      `),
    },
  ],
  good: [
    {
      title: 'a type of today beside a short time for all others, and a former one for no time',
      files: servedHtaccess(conf`
        ExpiresActive On
        ExpiresDefault "access plus 2 hours"
        ExpiresByType application/javascript "access plus 1 year"
        ExpiresByType application/x-javascript "access plus 1 year"
        ExpiresByType image/jpg "access plus 1 hour"
      `),
    },
    {
      title: 'a former type of scripts beside that of today',
      files: servedHtaccess(conf`
        ExpiresActive On
        ExpiresByType application/javascript "access plus 1 month"
        ExpiresByType application/x-javascript "access plus 1 month"
        ExpiresByType text/x-javascript "access plus 1 month"
      `),
    },
    {
      title: 'a former type of scripts, and a section for the files',
      files: servedHtaccess(conf`
        ExpiresActive On
        ExpiresByType application/x-javascript "access plus 1 month"
        <FilesMatch "\.js$">
            ExpiresDefault "access plus 1 month"
        </FilesMatch>
      `),
    },
    {
      title: 'a former type of scripts, and a header for the files',
      files: servedHtaccess(conf`
        ExpiresActive On
        ExpiresByType application/x-javascript "access plus 1 month"
        <FilesMatch "\.(css|js)$">
            Header set Cache-Control "max-age=2592000"
        </FilesMatch>
      `),
    },
    {
      title: 'the right one beside it',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          ExpiresByType image/jpg "access plus 1 year"
          ExpiresByType image/jpeg "access plus 1 year"
          ExpiresByType text/javascript A2592000
          ExpiresByType application/js A2592000
        `),
      },
    },
    {
      title: 'a time for all others',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          ExpiresDefault "access plus 1 month"
          ExpiresByType image/jpg "access plus 1 year"
        `),
      },
    },
    {
      title: 'a type that is given to files here',
      files: {
        'etc/apache2/apache2.conf': site(conf`
          AddType image/jpg .jpg
          ExpiresByType image/jpg "access plus 1 year"
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const named = (name: string) => everywhere(configuration, filesOf(configuration), name)
      const lines = named('expiresbytype')
      if (!lines.some(line => RIGHT.has(typeOf(line)) || FORMER.has(typeOf(line)))) continue
      const given = new Set(['addtype', 'forcetype', 'defaulttype'].flatMap(named).map(typeOf))
      const withDefault = new Set(named('expiresdefault').map(scopeOf))
      // A section for the files of scripts may set their time by itself.
      const mayBeSet = once(
        () => withDefault.size > 0 || named('header').some(({ args }) => args.some(isCacheControl)),
      )
      for (const [scope, own] of groupBy(lines, scopeOf)) {
        if (withDefault.has(scope)) {
          const fallback = named('expiresdefault').findLast(line => scopeOf(line) === scope)
          const others = named('header').some(({ args }) => args.some(isCacheControl))
          if (fallback !== undefined && withDefault.size === 1 && !others)
            yield* keptForLess(own, fallback, given)
          continue
        }
        const types = new Set(own.map(typeOf))
        for (const line of own) {
          const isFormer = FORMER.has(typeOf(line))
          const right = isFormer ? SCRIPTS : RIGHT.get(typeOf(line))
          if (isFormer && mayBeSet()) continue
          if (right === undefined || given.has(typeOf(line)) || right.some(type => types.has(type))) continue
          const at = argumentPlace(line, 0)
          yield {
            at,
            ...(isFormer && { severity: 'info' as const, confidence: 'medium' as const }),
            message: `no file is sent as \`${line.args[0]?.value}\`, so this sets nothing: the type is \`${right[0]}\``,
            ...propose(`Write \`${right[0]}\``, 'unsafe', [replacePlace(at, right[0])]),
          }
        }
      }
    }
  },
})

/** Types that no file has, whose files get the much shorter time of all others instead. */
function* keptForLess(
  lines: readonly ApacheDirective[],
  fallback: ApacheDirective,
  given: ReadonlySet<string>,
): Iterable<RuleFinding> {
  const usual = secondsOf(fallback.args.map(({ value }) => value).join(' '))
  const types = new Set(lines.map(typeOf))
  for (const line of lines) {
    const isFormer = FORMER.has(typeOf(line))
    const right = isFormer ? SCRIPTS : RIGHT.get(typeOf(line))
    const wanted = secondsOf(
      line.args
        .slice(1)
        .map(({ value }) => value)
        .join(' '),
    )
    if (right === undefined || given.has(typeOf(line)) || right.some(type => types.has(type))) continue
    if (usual === null || wanted === null || usual === 0 || wanted < usual * MUCH_LESS) continue
    const sent = right.find(type => given.has(type)) ?? right[0]
    const at = argumentPlace(line, 0)
    yield {
      at,
      ...(isFormer && !given.has(sent) && { severity: 'info' as const, confidence: 'medium' as const }),
      message: `no file is sent as \`${line.args[0]?.value}\`, so \`${sent}\` gets the time of \`ExpiresDefault\`, which is much shorter`,
      related: [{ at: namePlace(fallback), message: 'holds for all others' }],
      ...propose(`Write \`${sent}\``, 'unsafe', [replacePlace(at, sent)]),
    }
  }
}

/** A month for all others may well be enough for what was to be kept for a year. */
const MUCH_LESS = 20

const SECONDS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
  year: 31_536_000,
}

/** The time of `access plus 1 month 2 days` or `A3600`; null for what is none. */
function secondsOf(text: string): number | null {
  const short = /^[AM](\d+)$/.exec(text.trim())?.[1]
  if (short !== undefined) return Number(short)
  const parts = [...text.matchAll(/(\d+)\s+(second|minute|hour|day|week|month|year)s?\b/gi)]
  if (parts.length === 0) return null
  return parts.reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (SECONDS[unit.toLowerCase()] ?? 0),
    0,
  )
}

const SCRIPTS = ['text/javascript', 'application/javascript'] as const
/** What scripts were sent as before they had a type of their own. */
const FORMER: ReadonlySet<string> = new Set(['application/x-javascript', 'text/x-javascript'])

/** What looks like a media type and is in no `mime.types`, and what the files that are meant have. */
const RIGHT: ReadonlyMap<string, readonly [string, ...string[]]> = new Map([
  ['image/jpg', ['image/jpeg']],
  ['image/svg', ['image/svg+xml']],
  ['image/ico', ['image/x-icon', 'image/vnd.microsoft.icon']],
  ['image/icon', ['image/x-icon', 'image/vnd.microsoft.icon']],
  ['text/js', [...SCRIPTS, 'application/x-javascript']],
  ['application/js', [...SCRIPTS, 'application/x-javascript']],
  ['text/json', ['application/json']],
  ['audio/mp3', ['audio/mpeg']],
  ['video/mpg', ['video/mpeg']],
])

function isCacheControl({ value }: { readonly value: string }): boolean {
  return /^(?:cache-control|expires)$/i.test(value)
}

function typeOf({ args }: ApacheDirective): string {
  return args[0]?.value.toLowerCase() ?? ''
}
