import { isUnknownWord } from '../../parsers/text/source.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nginxDirective } from '../../src/servers/nginx/directives.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { repeatingLoop } from '../../src/servers/nginx/template-loops.ts'

const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
  }
`

export default defineRule({
  summary: 'A loop of a template repeats a directive that nginx takes once',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: 'The file that the template makes is right as long as the list of the loop has one entry. With a second one the same line stands twice in one block, and nginx refuses the whole configuration.',
  remedy: 'Move the line out of the loop, or make what has to differ depend on the entry',
  references: ['https://nginx.org/en/docs/beginners_guide.html#conf_structure'],
  unproven: 'nginx reads what an engine of templates makes of the file, which the test does not run',
  bad: [
    {
      title: 'a switch beside the addresses that are listed',
      files: {
        'site.conf.j2': site(conf`
          {% for proxy in trusted_proxies %}
          set_real_ip_from {{ proxy }};
          «real_ip_recursive» on;
          {% endfor %}
        `),
      },
    },
    {
      title: 'a location for every entry, of one path',
      files: {
        'site.conf.j2': site(conf`
          {% for app in apps %}
          «location» /static/ {
              alias {{ app.directory }}/static/;
          }
          {% endfor %}
        `),
      },
    },
    {
      title: 'definitions of one name',
      files: {
        'sites.conf.tmpl': conf`
          {{ range .Sites }}
          «log_format» site '$remote_addr $host $request';
          «limit_req_zone» $binary_remote_addr zone=site:10m rate=10r/s;
          «upstream» app {
              server {{ .Address }};
          }
          server {
              listen 80;
              server_name {{ .Name }};
              location / {
                  proxy_pass http://app;
              }
          }
          {{ end }}
        `,
      },
    },
    {
      title: 'a default server for every site',
      files: {
        'sites.conf.erb': conf`
          <% sites.each do |site| %>
          server {
              «listen» 80 default_server;
              server_name <%= site %>;
          }
          <% end %>
        `,
      },
    },
  ],
  good: [
    {
      title: 'lines that may stand several times, and blocks of which each round has its own',
      files: {
        'site.conf.j2': conf`
          {% for site in sites %}
          server {
              listen 80;
              server_name {{ site.name }};
              root {{ site.root }};
              {% for header in site.headers %}
              add_header {{ header.name }} {{ header.value }};
              {% endfor %}
              {% for path in site.paths %}
              location {{ path }} {
                  proxy_pass http://127.0.0.1:8000;
              }
              {% endfor %}
          }
          {% endfor %}
        `,
      },
    },
    {
      title: 'a condition that the loop asks for each round',
      files: {
        'site.conf.j2': site(conf`
          {% for proxy in trusted_proxies %}
          set_real_ip_from {{ proxy }};
          {% if loop.last %}
          real_ip_recursive on;
          {% endif %}
          {% endfor %}
        `),
      },
    },
    {
      title: 'a list of which the loop takes one',
      files: {
        'site.conf.j2': site(conf`
          {% for app in apps if app.main %}
          root {{ app.root }};
          {% endfor %}
        `),
      },
    },
    {
      title: 'a condition alone',
      files: {
        'site.conf.j2': site(conf`
          {% if trusted_proxies %}
          real_ip_recursive on;
          {% endif %}
        `),
      },
    },
    {
      title: 'expressions, of which nginx takes the first that fits',
      files: {
        'site.conf.j2': site(conf`
          {% for app in apps %}
          location ~ \.php$ {
              fastcgi_pass {{ app.socket }};
          }
          {% endfor %}
        `),
      },
    },
  ],
  *check({ nginx }) {
    for (const configuration of nginx) {
      if (!configuration.sources.some(({ branches }) => branches.some(({ repeats }) => repeats))) continue
      for (const directive of repeatable(configuration)) {
        const refusal = refusalOf(directive)
        if (refusal === null || repeatingLoop(directive, blockOf(directive)) === null) continue
        yield {
          at: namePlace(directive),
          message: `the loop writes this line once for each entry, and with the second one nginx refuses the file: ${refusal}`,
          label: 'stands twice in the second round',
        }
      }
    }
  },
})

function* repeatable({ occurrences }: NginxConfiguration): Iterable<NginxDirective> {
  for (const directives of occurrences.values())
    for (const directive of directives)
      if (directive.source.branches.some(({ repeats }) => repeats)) yield directive
}

/** What nginx says of a second line like this one in the same block; null where it takes any number, or words that differ. */
function refusalOf(directive: NginxDirective): string | null {
  const { name, args, context } = directive
  const [first] = args
  if (isUnknownWord(name)) return null
  if (first !== undefined && !isUnknownWord(first.value)) {
    if (name === 'location') return refusalOfLocation(directive)
    if (name === 'upstream') return `duplicate upstream "${first.value}"`
    if (name === 'log_format') return `duplicate "log_format" name "${first.value}"`
  }
  if (name === 'limit_req_zone' || name === 'limit_conn_zone') {
    const [, zone = ''] = args.map(({ value }) => /^zone=([^:]+)/.exec(value)).find(Boolean) ?? []
    return zone === '' || isUnknownWord(zone) ? null : `${name} "${zone}" is already bound to key`
  }
  if (name === 'listen') {
    if (args.some(({ value }) => isUnknownWord(value))) return null
    const kind = isDefaultServer(directive) ? 'default server for' : 'listen'
    return `a duplicate ${kind} ${first?.value}`
  }
  const known = nginxDirective(name).filter(({ contexts }) => contexts.includes(context))
  return known.length > 0 && known.every(({ once }) => once) ? `"${name}" directive is duplicate` : null
}

function refusalOfLocation(directive: NginxDirective): string | null {
  const { name, modifier } = readLocation(directive)
  const isCompared = modifier === '' || modifier === '=' || modifier === '^~'
  return isCompared && !isUnknownWord(name) ? `duplicate location "${name}"` : null
}

function isDefaultServer({ args }: NginxDirective): boolean {
  return args.some(({ value }) => value === 'default_server' || value === 'default')
}

/** Within which nginx takes one: of default servers, all servers. */
function blockOf(directive: NginxDirective): NginxDirective | null {
  const { parent } = directive
  return directive.name === 'listen' && isDefaultServer(directive) ? (parent?.parent ?? null) : parent
}
