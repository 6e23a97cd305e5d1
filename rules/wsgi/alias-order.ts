import { directivePlace, isOwnText, propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace, byText } from '../../src/deployment/places.ts'
import { placeText } from '../../parsers/text/source.ts'
import { defineRule } from '../../src/engine/rule.ts'
import {
  isPrefixOf,
  type WsgiScriptAlias,
  wsgiScriptAliases,
} from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'

const host = (lines: string): string =>
  `<VirtualHost *:9000>\n    ServerName example.org\n    WSGIDaemonProcess app\n    WSGIProcessGroup app\n${lines}</VirtualHost>\n`
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
      files: { 'site.conf': host(`${ROOT}    WSGIScriptAlias «/blog» /opt/blog/wsgi.py\n`) },
    },
  ],
  good: [
    {
      title: 'the longer path first',
      files: { 'site.conf': host(`    WSGIScriptAlias /blog /opt/blog/wsgi.py\n${ROOT}`) },
    },
    {
      title: 'files, which Alias takes out wherever it stands',
      files: { 'site.conf': host(`${ROOT}    Alias /static /srv/static\n`) },
    },
    {
      title: 'two paths that only begin alike',
      files: {
        'site.conf': host(
          '    WSGIScriptAlias /blog /opt/blog/wsgi.py\n    WSGIScriptAlias /blogger /opt/blogger/wsgi.py\n',
        ),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const hidden = new Map<ApacheDirective, WsgiScriptAlias>()
      for (const host of [null, ...virtualHosts(configuration)]) {
        const aliases = wsgiScriptAliases(configuration, host)
        if (aliases.length < 2) continue
        for (const [index, alias] of aliases.entries()) {
          const earlier = aliases.slice(0, index).find(each => hides(each, alias))
          if (earlier?.script.known && alias.script.known) hidden.set(alias.directive, earlier)
        }
      }
      for (const [directive] of byText(hidden.keys())) {
        const earlier = hidden.get(directive)
        if (earlier === undefined) continue
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
