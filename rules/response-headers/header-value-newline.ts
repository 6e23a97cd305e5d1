import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'

const site = (value: string): string => conf`
  server {
      listen 80;
      root /srv/www;
      add_header Content-Security-Policy ${value};
  }
`
const SOURCES = conf`
  default-src 'self';
  img-src *
`

/** Directives whose second argument becomes the value of a header. */
const NAMES = ['add_header', 'more_set_headers', 'proxy_set_header', 'grpc_set_header'] as const

export default defineRule({
  summary: 'The value of a header goes over several lines',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx sends the line feeds as they are written. A header ends with its line: by HTTP/1.1 what follows is another header or a malformed one, and by HTTP/2 the client refuses the whole answer.',
  remedy: 'Write the value on one line',
  references: [
    'https://www.rfc-editor.org/rfc/rfc9110#section-5.5',
    'https://www.rfc-editor.org/rfc/rfc9113#section-8.2.1',
  ],
  bad: [{ title: 'a policy, one source a line', files: { 'nginx.conf': site(`«"${SOURCES}"»`) } }],
  good: [
    { title: 'on one line', files: { 'nginx.conf': site(`"default-src 'self'; img-src *"`) } },
    {
      title: 'in a template whose tags take the line feed away',
      files: {
        'nginx.conf.erb': conf`
          server {
              listen 80;
              server_name <%= @name %>;
              root /srv/www;
              add_header Strict-Transport-Security "max-age=<%= @seconds -%>
          <% if @below %>; includeSubDomains<% end %>";
          }
        `,
      },
    },
  ],
  *check({ nginx }) {
    for (const { occurrences } of nginx) {
      for (const name of NAMES) {
        for (const directive of occurrences.get(name) ?? []) {
          const index = directive.args.findIndex(hasLineFeed)
          if (index === -1) continue
          const at = argumentPlace(directive, index)
          if (mayBeJoined(at)) continue
          yield {
            at,
            message: `a value of \`${name}\` holds line feeds, which nginx sends as they are`,
            label: 'goes over several lines',
            ...propose('Write it on one line', 'safe', [
              replacePlace(
                at,
                placeText(at)
                  .replace(/\s*[\r\n]\s*/g, ' ')
                  .replace(/^(["']) /, '$1')
                  .replace(/ (["'])$/, '$1'),
              ),
            ]),
          }
        }
      }
    }
  },
})

function hasLineFeed({ value }: NginxDirective['args'][number]): boolean {
  return value.includes('\n') || value.includes('\r')
}

/** Line feeds that an engine takes away with the tag beside them: `-%>`, `-}}`, `{{-`, and Jinja's `%}` as Ansible has it. */
const EATEN = /(?:%\}|-\}\}|-%>)[ \t]*\r?\n|\r?\n[ \t]*(?:\{[{%]-|<%-)/g

/** True where the engine of a template may leave the value on one line. */
function mayBeJoined(at: Place): boolean {
  return at.source.template && !/[\r\n]/.test(placeText(at).replace(EATEN, ''))
}
