import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'
import { maps, type NginxMap } from '../../src/servers/nginx/queries/maps.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (
  entries: string,
  lines: string,
  source = '$sent_http_content_type',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    map ${source} $kept_for {
        default off;
        ${entries}
    }
    ${nginxServer(lines)}
  `),
})
const PHP = conf`
  expires $kept_for;
  location / {
      include fastcgi_params;
      fastcgi_param SCRIPT_FILENAME /srv/www/index.php;
      fastcgi_pass unix:/run/php/site.sock;
  }
`
const PROXY = conf`
  location / {
      proxy_pass http://127.0.0.1:9000;
      add_header Cache-Control $kept_for;
  }
`

export default defineRule({
  summary: 'A `map` of media types that leaves out the charset which an application sends',
  severity: 'info',
  otherSeverities: { warning: 'behind PHP, which names a charset with every page' },
  confidence: 'medium',
  since: '0.1.0',
  why: 'An entry without `~` is compared with the whole value. nginx’s own files have `text/html` there, and the answers of applications `text/html; charset=utf-8`: the default holds for them.',
  remedy: 'Write an expression: `~^text/html`, or both texts',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_map_module.html#map',
    'https://www.php.net/manual/en/ini.core.php#ini.default-charset',
  ],
  bad: [
    {
      title: 'pages of PHP',
      files: nginx('«text/html» epoch;', PHP),
    },
    {
      title: 'pages of another application: advice',
      files: nginx(
        conf`
          «text/html» no-store;
          ~image/ max-age=3600;
        `,
        PROXY,
        '$upstream_http_content_type',
      ),
    },
  ],
  good: [
    { title: 'an expression', files: nginx('~^text/html epoch;', PHP) },
    {
      title: 'both texts',
      files: nginx(
        conf`
          text/html epoch;
          "text/html; charset=utf-8" epoch;
        `,
        PHP,
      ),
    },
    {
      title: 'files of nginx',
      files: nginx('text/html epoch;', 'root /srv/www;\nexpires $kept_for;'),
    },
    {
      title: 'types that have no charset, and what the default is for',
      files: nginx(
        conf`
          text/html off;
          image/png 30d;
        `,
        PHP,
      ),
    },
    {
      title: 'an application where nothing asks for it',
      files: nginx(
        'text/html epoch;',
        conf`
          location / {
              proxy_pass http://127.0.0.1:9000;
          }
          location /static/ {
              root /srv/www;
              expires $kept_for;
          }
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      for (const map of maps(configuration).values()) {
        const entry = plainEntry(map)
        if (entry === null) continue
        const used = usedBehind(deployment, configuration, map.variable)
        if (used === null) continue
        yield {
          at: namePlace(entry),
          ...(used.isPhp && { severity: 'warning' as const }),
          message: `\`${entry.name}\` is the whole value alone, and ${used.isPhp ? 'PHP sends' : 'applications send'} \`${entry.name}; charset=…\`, for which the default holds`,
          label: 'not with a charset',
          related: [
            { at: argumentPlace(map.directive, 0), message: 'what is compared' },
            { at: namePlace(used.line), message: 'asks for it here' },
          ],
        }
      }
    }
  },
})

/** What pages are, of which applications say the charset. */
const PAGE = 'text/html'

/** An entry for pages that says something else than the default, where no other entry takes them with a charset. */
function plainEntry({ source, complete, fallback, exact, regexes }: NginxMap): NginxDirective | null {
  if (!/^\$\{?(?:sent|upstream)_http_content_type\}?$/.test(source) || !complete) return null
  const entry = exact.get(PAGE)
  if (entry === undefined || entry.args[0]?.value === (fallback?.args[0]?.value ?? '')) return null
  if ([...exact.keys()].some(key => key.startsWith(`${PAGE};`))) return null
  return regexes.some(({ name }) => mayMatch(name, `${PAGE}; charset=utf-8`)) ? null : entry
}

function mayMatch(name: string, text: string): boolean {
  const caseless = name.startsWith('~*')
  return compilePcre(name.slice(caseless ? 2 : 1), { caseless })?.test(text) !== false
}

const ASKING = ['expires', 'add_header']

/** A line that asks for the variable where an application answers, best where PHP does. */
function usedBehind(
  { connections }: Deployment,
  configuration: NginxConfiguration,
  variable: string,
): { readonly line: NginxDirective; readonly isPhp: boolean } | null {
  const asks = (line: NginxDirective): boolean =>
    line.args.some(({ value }) => variableNames(value).some(name => name === variable))
  if (!ASKING.some(name => (configuration.occurrences.get(name) ?? []).some(asks))) return null
  let found: NginxDirective | null = null
  for (const { server, block, pass } of connections.nginx) {
    if (server.configuration !== configuration) continue
    for (const name of ASKING) {
      const inForce = effective(configuration, block, name)
      const line = inForce.known ? inForce.value.directives.find(asks) : undefined
      if (line === undefined) continue
      if (pass.name === 'fastcgi_pass') return { line, isPhp: true }
      found ??= line
    }
  }
  return found === null ? null : { line: found, isPhp: false }
}
