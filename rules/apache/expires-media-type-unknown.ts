import { groupBy } from '../../parsers/collections/group-by.ts'
import { once } from '../../parsers/collections/once.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
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
  ],
  good: [
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
        if (withDefault.has(scope)) continue
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
