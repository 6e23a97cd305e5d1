import { memo } from '../../parsers/collections/memo.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, isSettled } from '../../src/servers/apache/queries/places.ts'
import { directivesOfHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { isPrefixOf } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import { type PathRedirect, pathRedirect, REDIRECTS } from './_redirects.ts'
import { rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'An Alias whose path a Redirect takes',
  severity: 'warning',
  otherSeverities: { info: 'where the same path of the site is asked for over TLS instead' },
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_alias looks at every `Redirect` before it looks at any `Alias`, in whichever order they are written: the files behind the `Alias` are never served.',
  remedy: 'Leave the path out of the redirect: `RedirectMatch ^/(?!health/)(.*)$ …`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_alias.html#order'],
  bad: [
    {
      title: 'a directory of a site that is redirected as a whole',
      files: {
        'site.conf': rewritingHost(conf`
          Alias «/health» /srv/health
          Redirect permanent / https://www.example.net/
        `),
      },
    },
    {
      title: 'scripts below a path that has moved',
      files: {
        'site.conf': rewritingHost(conf`
          Redirect 302 /tools https://tools.example.net/
          ScriptAlias «/tools/cgi-bin/» /srv/cgi-bin/
        `),
      },
    },
    {
      title: 'the rest of a site that has moved to TLS',
      files: {
        'site.conf': rewritingHost(conf`
          Redirect permanent / https://example.org/
          Alias «/static» /srv/static
        `),
      },
    },
  ],
  good: [
    {
      title: 'a pattern that leaves the path out, and another path',
      files: {
        'site.conf': rewritingHost(conf`
          Alias /health /srv/health
          Alias /healthy /srv/healthy
          RedirectMatch ^/(?!health/)(.*)$ https://www.example.net/$1
          Redirect /health/old https://www.example.net/
        `),
      },
    },
    {
      title: 'in two virtual hosts, in one directory, and under a condition',
      files: {
        'site.conf': conf`
          ${rewritingHost('Redirect / https://www.example.net/')}
          <VirtualHost *:80>
              ServerName static.example.org
              Alias /health /srv/health
              <Directory /srv/www>
                  Redirect / https://www.example.net/
              </Directory>
              <If "%{REMOTE_ADDR} == '192.0.2.1'">
                  Redirect / https://www.example.net/
              </If>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'the challenge of a certificate, which is followed to where it leads',
      files: {
        'site.conf': rewritingHost(conf`
          Alias /.well-known/acme-challenge/ /srv/acme/
          Redirect permanent / https://example.org/
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      if (!REDIRECTS.some(name => configuration.occurrences.has(name))) continue
      const { occurrences } = configuration
      for (const alias of [...(occurrences.get('alias') ?? []), ...(occurrences.get('scriptalias') ?? [])]) {
        const [path] = alias.args
        if (path === undefined || !isSettled(path.value) || path.value.startsWith('/.well-known')) continue
        if (alias.parent !== null && alias.parent.name !== 'VirtualHost') continue
        const taker = redirectsByHost(configuration)
          .get(alias.parent)
          ?.find(each => each.directive.source === alias.source && isPrefixOf(each.path, path.value))
        if (taker === undefined) continue
        const { directive, index } = taker
        yield {
          at: argumentPlace(alias, 0),
          ...(isMoveToTls(configuration, taker) && { severity: 'info' as const }),
          message: `\`${directive.name} ${taker.path}\` is looked at before any \`${alias.name}\`, and takes everything below \`${path.value}\``,
          related: [{ at: argumentPlace(directive, index), message: 'redirected first' }],
        }
      }
    }
  },
})

const redirectsByHost = memo(
  ({ occurrences }: ApacheConfiguration): ReadonlyMap<ApacheDirective | null, readonly PathRedirect[]> =>
    groupBy(
      REDIRECTS.flatMap(name => (occurrences.get(name) ?? []).flatMap(read)),
      ({ directive }) => directive.parent,
    ),
)

function read(directive: ApacheDirective): readonly PathRedirect[] {
  const { parent } = directive
  if (parent !== null && parent.name !== 'VirtualHost') return []
  const redirect = pathRedirect(directive)
  return redirect === null ? [] : [redirect]
}

/** True where the path stays and one of the host's own names is asked over TLS, as far as is written. */
function isMoveToTls(configuration: ApacheConfiguration, { directive, path, target }: PathRedirect): boolean {
  const [, name, rest] = /^https:\/\/([^/:]+)(?::\d+)?(.*)$/i.exec(target) ?? []
  if (name === undefined || (rest || '/') !== path) return false
  const names = ['servername', 'serveralias'].flatMap(each =>
    directivesOfHost(configuration, directive.parent, each).flatMap(({ args }) => args),
  )
  return (
    names.some(({ value }) => !isSettled(value) || value.toLowerCase() === name.toLowerCase()) ||
    !isSettled(name)
  )
}
