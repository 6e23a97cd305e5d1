import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { PASSES, readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (types: string): string =>
  nginxMain([
    conf`
      include mime.types;
      default_type application/octet-stream;
    `,
    nginxServer(conf`
      root /srv/www;
      ${types}
      location ~ «\.(?:css|js|mjs|svg)$» {
          expires 7d;
      }
    `),
  ])

const TABLE = {
  'etc/nginx/mime.types': conf`
    types {
        text/html html;
        text/css css;
        application/javascript js;
    }
  `,
}

export default defineRule({
  summary: 'Modules of JavaScript (`.mjs`) are sent without their type',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Browsers run a module only if it comes as JavaScript. The `mime.types` of nginx has no `mjs` in most versions, so that it is `application/octet-stream`: `Failed to load module script`.',
  remedy: 'Repeat the table and add the type: `include mime.types; types { text/javascript mjs; }`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#types',
    'https://docs.nextcloud.com/server/latest/admin_manual/installation/nginx.html',
  ],
  bad: [
    {
      title: 'a location for modules, and a table without them',
      files: { 'etc/nginx/nginx.conf': nginx(''), ...TABLE },
    },
  ],
  good: [
    {
      title: 'with the type',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          include mime.types;
          types {
              text/javascript mjs;
          }
        `),
        ...TABLE,
      },
    },
    {
      title: 'in the table itself',
      files: {
        'etc/nginx/nginx.conf': nginx(''),
        'etc/nginx/mime.types': conf`
          types {
              text/html html;
              text/css css;
              application/javascript js mjs;
          }
        `,
      },
    },
    {
      title: 'a backend that sends them',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          'include mime.types;',
          nginxServer(conf`
            location ~ \.(?:js|mjs)$ {
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ]),
        ...TABLE,
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const location of configuration.occurrences.get('location') ?? []) {
        const { modifier, name } = readLocation(location)
        if (!modifier.startsWith('~') || !/\bmjs\b/.test(name) || answersOtherwise(location)) continue
        const fact = effective(configuration, location, 'types')
        if (!fact.known || !fact.value.complete) continue
        const { directives } = fact.value
        if (directives.some(({ source }) => source.template)) continue
        // A table without scripts is a fault of its own.
        if (!directives.some(types => knows(types, 'js')) || directives.some(types => knows(types, 'mjs')))
          continue
        const type = effective(configuration, location, 'default_type')
        const fallback = type.known ? (type.value.directives.at(-1)?.args[0]?.value ?? 'text/plain') : null
        if (fallback === null || /javascript/.test(fallback)) continue
        const [table] = directives
        yield {
          at: argumentPlace(location, location.args.length - 1),
          message: `no \`types\` in force knows \`mjs\`, so modules are sent as \`${fallback}\`, and browsers refuse them`,
          label: 'sent without their type',
          related: table === undefined ? [] : [{ at: namePlace(table), message: 'the table in force' }],
        }
      }
    }
  },
})

const OTHERWISE: ReadonlySet<string> = new Set([...PASSES, 'return', 'default_type', 'deny'])

function answersOtherwise({ children }: NginxDirective): boolean {
  return children.some(({ name }) => OTHERWISE.has(name))
}

function knows({ children, node }: NginxDirective, extension: string): boolean {
  return (
    children.some(({ args }) => args.some(({ value }) => value === extension)) ||
    (node.block?.children ?? []).some(
      child => 'args' in child && child.args.some(({ value }) => value === extension),
    )
  )
}
