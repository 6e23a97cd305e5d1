import { posix } from 'node:path'
import type { Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { type AskedHost, askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { branchesAt } from '../../src/servers/presence.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { locationApplies, sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { ApacheEnd } from '../../src/servers/apache/requests/request.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'ProxyPass takes the URLs of a Redirect, an Alias or a handler',
  severity: 'warning',
  otherSeverities: {
    error: 'where the redirect would lead to HTTPS',
    info: 'in one branch of a template, beside a line that all of them have',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_proxy is asked before mod_alias, wherever the lines stand: the redirect to HTTPS never happens, and the challenge of Let’s Encrypt goes to the backend. A `SetHandler` comes later still: `/server-status` and `/Shibboleth.sso` go to the backend too.',
  remedy:
    'Exclude the path above the line: `ProxyPass /.well-known/acme-challenge/ !`, or drop `ProxyPass` where everything is redirected',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypass'],
  bad: [
    {
      title: 'a redirect to HTTPS',
      files: {
        'site.conf': host(conf`
          Redirect permanent / https://example.org/
          «ProxyPass» / http://127.0.0.1:8080/
        `),
      },
    },
    {
      title: 'the challenge of Let’s Encrypt, for all virtual hosts',
      files: {
        'acme.conf': conf`
          Alias /.well-known/acme-challenge/ /var/www/acme/
        `,
        'site.conf': host('«ProxyPass» / http://127.0.0.1:8080/'),
      },
    },
    {
      title: 'static files',
      files: {
        'site.conf': host(conf`
          «ProxyPass» / http://127.0.0.1:8000/
          Alias /static/ /srv/static/
        `),
      },
    },
    {
      title: 'files that are proxied for all virtual hosts',
      files: {
        'mail.conf': conf`
          Alias /mail/static/ /usr/share/mail/static/
          «ProxyPass» /mail http://127.0.0.1:20000/mail
        `,
        'site.conf': host('DocumentRoot /srv/www'),
      },
    },
    {
      title: 'a branch of a template, beside what every site has',
      files: {
        'site.conf.j2': host(conf`
          {% if is_closed %}
          «ProxyPass» / http://127.0.0.1:8080/
          {% else %}
          DocumentRoot /srv/shop
          {% endif %}
          Alias /static/ /srv/static/
        `),
      },
    },
    {
      title: 'a section that proxies every path',
      files: {
        'site.conf': host(conf`
          Alias /static/ /srv/static/
          <Location />
              «ProxyPass» http://127.0.0.1:8000/
          </Location>
        `),
      },
    },
    {
      title: 'static files, beside a section for all that is proxied',
      files: {
        'site.conf': host(conf`
          <Proxy *>
              Order deny,allow
              Allow from all
          </Proxy>
          «ProxyPass» / http://127.0.0.1:8000/
          Alias /static/ /srv/static/
        `),
      },
    },
    {
      title: 'static files beside a backend whose port a template fills in',
      files: {
        'site.conf.j2': host(conf`
          «ProxyPass» / http://127.0.0.1:{{ port }}/
          Alias /static/ /srv/static/
        `),
      },
    },
    {
      title: 'the page of a handler',
      files: {
        'site.conf': host(conf`
          <Location /server-status>
              SetHandler «server-status»
              Require local
          </Location>
          ProxyPass / http://127.0.0.1:8080/
        `),
      },
    },
    {
      title: 'a handler that a template has in one of its branches',
      files: {
        'site.conf.j2': host(conf`
          {% if single_sign_on %}
          <Location /Shibboleth.sso>
              SetHandler «shib»
          </Location>
          {% endif %}
          ProxyPass / http://127.0.0.1:8080/
        `),
      },
    },
  ],
  good: [
    {
      title: 'the page of a handler, which is excluded',
      files: {
        'other.conf': host(conf`
          <Location />
              ProxyPass http://127.0.0.1:8080/
          </Location>
          <Location /server-status>
              ProxyPass !
              SetHandler server-status
              Require local
          </Location>
        `),
        'site.conf': host(conf`
          <Location /server-status>
              SetHandler server-status
              Require local
          </Location>
          ProxyPass /server-status !
          ProxyPass / http://127.0.0.1:8080/
        `),
      },
    },
    {
      title: 'the status page of the distribution, for all virtual hosts',
      files: {
        'status.conf': conf`
          <Location /server-status>
              SetHandler server-status
              Require local
          </Location>
        `,
        'site.conf': host('ProxyPass / http://127.0.0.1:8080/'),
      },
    },
    {
      title: 'the paths are excluded',
      files: {
        'acme.conf': conf`
          Alias /.well-known/acme-challenge/ /var/www/acme/
          Alias /icons/ /usr/share/apache2/icons/
        `,
        'site.conf': host(conf`
          ProxyPass /.well-known !
          ProxyPass /static/ !
          ProxyPass / http://127.0.0.1:8080/
          Alias /static/ /srv/static/
        `),
      },
    },
    {
      title: 'a redirect for the one URL that the path with a slash leaves',
      files: {
        'site.conf': host(conf`
          Redirect /mail /mail/
          ProxyPass /mail/ http://127.0.0.1:8025/mail/
        `),
      },
    },
    {
      title: 'two files of one role, of which its tasks install one',
      files: {
        'roles/shop/files/verify.conf': 'Alias /verify /usr/share/shop/verify.php\n',
        'roles/shop/files/verify-proxy.conf': 'ProxyPass /verify http://localhost:8004/verify\n',
        'roles/shop/tasks/main.yml': conf`
          - name: the site
            copy: src=verify.conf dest=/etc/httpd/conf.d/verify.conf
        `,
      },
    },
    {
      title: 'what a rewriting rule redirects before',
      files: {
        'site.conf': host(conf`
          RewriteEngine On
          RewriteRule ^/(.*) https://example.org/$1 [R=301]
          ProxyPass / http://127.0.0.1:8080/
        `),
      },
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      const { configuration, host } = asked
      if (!configuration.occurrences.has('proxypass')) continue
      yield* hiddenHandlers(asked)
      for (const line of lines(asked)) {
        const path = pathOf(line)
        if (path === null || !isSettled(path)) continue
        const target = path.endsWith('/') ? `${path}${EXISTING}.css` : `${path}/${EXISTING}.css`
        const { end } = askHost(deployment, asked, target)
        const pass = end.kind === 'pass' ? end.directive : openPass(asked, target, end)
        if (pass?.name !== 'ProxyPass') continue
        // What the main server serves to all is meant for few of them, but for the challenge, and what it proxies itself.
        const home = pass.parent?.name === 'Location' ? pass.parent.parent : pass.parent
        const isOfAll = line.parent === null && host !== null && home !== null
        if (isOfAll && !path.startsWith('/.well-known')) continue
        // `Redirect /app /app/` is for the one URL that `ProxyPass /app/` leaves.
        if (!path.endsWith('/') && !isPassed(asked, path, askHost(deployment, asked, path).end)) continue
        if (home !== null && home.name !== 'VirtualHost') continue
        if (!areInstalledTogether(deployment, line.source, pass.source)) continue
        const isTls = line.args.some(({ value }) => value.startsWith('https://'))
        yield {
          at: namePlace(pass),
          cause: pass,
          aspect: path,
          message: `${named(pass)} is asked first, so \`${line.name} ${path}\` does nothing`,
          ...(isOfBranch(pass, line)
            ? { severity: 'info' as const }
            : isTls && path === '/'
              ? { severity: 'error' as const }
              : {}),
          related: [
            { at: argumentPlace(line, line.args.length > 2 ? 1 : 0), message: 'never gets to these URLs' },
          ],
        }
      }
    }
  },
})

/** True for a branch of a template that proxies all, beside a line that every site has: it is there for the others. */
function isOfBranch(pass: ApacheDirective, line: ApacheDirective): boolean {
  if (pass.source !== line.source) return false
  const around = branchesAt(line.source, line.nameStart)
  return branchesAt(pass.source, pass.nameStart).some(branch => !around.includes(branch))
}

/** `ProxyPass /app`, or the section whose `ProxyPass` has no path of its own. */
function named({ parent, args }: ApacheDirective): string {
  return parent?.name === 'Location'
    ? `\`ProxyPass\` of \`<Location ${parent.args[0]?.value}>\``
    : `\`ProxyPass ${args[0]?.value}\``
}

/** The line by which a request is proxied to a backend of which the scheme is known, and a template has the rest. */
function openPass(asked: AskedHost, path: string, end: ApacheEnd): ApacheDirective | null {
  if (end.kind !== 'unknown') return null
  const pass = firstPass(asked, path)
  if (pass === null || !/^(?!unix:)[a-z]+:/i.test(pass.args[1]?.value ?? '')) return null
  const { source, nameStart } = pass
  return end.at?.source === source && end.at.start === nameStart ? pass : null
}

function isPassed(asked: AskedHost, path: string, end: ApacheEnd): boolean {
  return end.kind === 'pass' || openPass(asked, path, end) !== null
}

/** False for two files of one Ansible role of which no task is seen to install both: they may be for two machines. */
function areInstalledTogether(deployment: Deployment, one: Source, other: Source): boolean {
  if (one === other || ![one, other].some(({ path }) => OF_ROLE.test(path))) return true
  const texts = deployment.setups() ?? []
  return [one, other].every(({ path }) => {
    const name = posix.basename(path)
    return texts.some(({ text }) => text.includes(name))
  })
}

const OF_ROLE = /\/roles\/[^/]+\/(?:files|templates)\//

/** Handlers that serve a `<Location>` of their own, with no file behind it. */
const HANDLERS =
  /^(?:(?:server|ldap|md|jk)-?status|server-info|balancer-manager|shib(?:-handler)?|mellon|cache-status)$/i

function* hiddenHandlers(asked: AskedHost) {
  // Those of the main server are meant for one of many hosts.
  for (const section of directivesIn(asked.configuration, asked.host?.directive ?? null, 'location')) {
    const handler = section.children.findLast(({ name }) => name === 'SetHandler')
    const [path = '', more] = section.args.map(({ value }) => value)
    if (handler === undefined || !HANDLERS.test(handler.args[0]?.value ?? '')) continue
    if (!path.startsWith('/') || more !== undefined || !isSettled(path)) continue
    if (section.children.some(({ name }) => name === 'ProxyPass')) continue
    const pass = firstPass(asked, path)
    if (pass === null) continue
    // A template often has the handler in one of its branches, and proxies in all of them.
    yield {
      at: argumentPlace(handler, 0),
      message: `${named(pass)} is asked first, so \`SetHandler ${handler.args[0]?.value}\` of \`${path}\` does nothing`,
      help:
        pass.parent?.name === 'Location'
          ? 'except it: `ProxyPass !` in its section'
          : `except it: \`ProxyPass ${path} !\` above the line`,
      label: 'never asked',
      related: [{ at: namePlace(pass), message: 'takes the path' }],
    }
  }
}

/** The `ProxyPass` by which a path is proxied, whoever may ask for it; null where it stays here, or nobody can tell. */
function firstPass({ configuration, host }: AskedHost, path: string): ApacheDirective | null {
  if (configuration.occurrences.has('proxypassmatch')) return null
  const located = sectionPass({ configuration, host }, path)
  if (located !== undefined) return located
  for (const scope of [...new Set([null, host?.directive ?? null])])
    for (const line of directivesIn(configuration, scope, 'proxypass')) {
      const [prefix = '', target] = line.args.map(({ value }) => value)
      if (!isSettled(prefix)) return null
      const isIn = path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
      if (isIn) return target === '!' ? null : line
    }
  return null
}

/** The `ProxyPass` of the last `<Location>` around a path that has one; undefined where none has, null where it keeps the path here. */
function sectionPass({ configuration, host }: AskedHost, path: string): ApacheDirective | null | undefined {
  const found = configuration.occurrences.get('proxypass')?.findLast(({ parent }) => {
    if (parent?.name !== 'Location') return false
    const home = virtualHostSection(parent)
    const isOfHost = home === null || home === host?.directive
    return isOfHost && parent.parent === home && locationApplies(sectionPattern(parent), path) !== false
  })
  if (found === undefined) return undefined
  const isSure = locationApplies(sectionPattern(found.parent!), path) === true
  return isSure && found.args[0]?.value !== '!' ? found : null
}

const NAMES = ['alias', 'scriptalias', 'redirect', 'redirectpermanent', 'redirecttemp']

/** The lines of mod_alias with a prefix, of a virtual host and of the main server, which it inherits. */
function lines({ configuration, host }: ReturnType<typeof askedHosts>[number]): readonly ApacheDirective[] {
  const scopes = host === null ? [null] : [host.directive, null]
  return scopes.flatMap(scope => NAMES.flatMap(name => directivesIn(configuration, scope, name)))
}

/** The path of the URL: behind the status of a `Redirect`. */
function pathOf({ args }: ApacheDirective): string | null {
  return args.find(({ value }) => value.startsWith('/'))?.value ?? null
}
