import { directivePlace, isOwnText, propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  isPrefixOf,
  scriptAliasesIn,
  type WsgiScriptAlias,
  wsgiScriptAliases,
} from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'

const host = (lines: string): string => conf`
  <VirtualHost *:9000>
      ServerName example.org
      WSGIDaemonProcess app
      WSGIProcessGroup app
      ${lines}
  </VirtualHost>
`
const ROOT = '    WSGIScriptAlias / /opt/site/wsgi.py\n'

export default defineRule({
  summary: 'An application below another one is never asked',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'mod_wsgi takes the first alias that matches, not the longest: what stands behind `WSGIScriptAlias /` gets no request, and its pages are 404s of the other application.',
  remedy: 'Put the longer path first',
  references: ['https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIScriptAlias.html'],
  bad: [
    {
      title: 'the root first',
      files: { 'site.conf': host(conf`${ROOT}    WSGIScriptAlias «/blog» /opt/blog/wsgi.py`) },
    },
  ],
  good: [
    {
      title: 'the longer path first',
      files: {
        'site.conf': host(conf`
          WSGIScriptAlias /blog /opt/blog/wsgi.py
          ${ROOT}
        `),
      },
    },
    {
      title: 'files, which Alias takes out wherever it stands',
      files: { 'site.conf': host(conf`${ROOT}    Alias /static /srv/static`) },
    },
    {
      title: 'one application in the virtual host and outside of it',
      files: {
        'site.conf': conf`
          WSGIScriptAlias / /opt/site/wsgi.py
          ${host(ROOT)}
        `,
      },
    },
    {
      title: 'an application outside of the virtual hosts, in front of which one of two has its own',
      files: {
        'site.conf': conf`
          WSGIScriptAlias /blog /opt/blog/wsgi.py
          ${host(ROOT)}
          <VirtualHost *:9000>
              ServerName example.com
          </VirtualHost>
        `,
      },
    },
    {
      title: 'two paths that only begin alike',
      files: {
        'site.conf': host(
          conf`
            WSGIScriptAlias /blog /opt/blog/wsgi.py
            WSGIScriptAlias /blogger /opt/blogger/wsgi.py
          `,
        ),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const hosts = virtualHosts(configuration)
      const ofMain = new Set(scriptAliasesIn(configuration, null))
      const hidden = new Map<ApacheDirective, WsgiScriptAlias>()
      const hosted = new Map<ApacheDirective, number>()
      for (const host of [null, ...hosts]) {
        const aliases = wsgiScriptAliases(configuration, host)
        if (aliases.length < 2) continue
        for (const [index, alias] of aliases.entries()) {
          const earlier = aliases.slice(0, index).find(each => hides(each, alias))
          if (!earlier?.script.known || !alias.script.known || isSame(earlier, alias)) continue
          // What stands outside of the virtual hosts answers in each of them that does not hide it.
          if (ofMain.has(alias) && !ofMain.has(earlier)) {
            const times = hosted.get(alias.directive)
            if (times === undefined && hidden.has(alias.directive)) continue
            hosted.set(alias.directive, (times ?? 0) + 1)
          }
          hidden.set(alias.directive, earlier)
        }
      }
      for (const [directive, earlier] of hidden) {
        if ((hosted.get(directive) ?? hosts.length) < hosts.length) continue
        const path = directive.args[0]?.value ?? ''
        yield {
          at: argumentPlace(directive, 0),
          message: `\`${path}\` stands behind \`${earlier.path.known ? earlier.path.value : ''}\`, which matches first, so this application gets no request`,
          label: 'never reached',
          related: [{ at: earlier.pathAt, message: 'takes these requests' }],
          ...swap(earlier.directive, directive),
        }
      }
    }
  },
})

/** True for one application at one path, whichever of the two lines answers. */
function isSame(one: WsgiScriptAlias, other: WsgiScriptAlias): boolean {
  return (
    one.path.known &&
    other.path.known &&
    one.path.value === other.path.value &&
    one.script.known &&
    other.script.known &&
    one.script.value === other.script.value
  )
}

function hides(earlier: WsgiScriptAlias, later: WsgiScriptAlias): boolean {
  if (earlier.regex || later.regex || !earlier.path.known || !later.path.known) return false
  return isPrefixOf(earlier.path.value, later.path.value)
}

function swap(first: ApacheDirective, second: ApacheDirective) {
  if (first.source !== second.source || !isOwnText(first) || !isOwnText(second)) return {}
  const [a, b] = [directivePlace(first), directivePlace(second)]
  return propose('Put the longer path first', 'unsafe', [
    replacePlace(a, placeText(b)),
    replacePlace(b, placeText(a)),
  ])
}
