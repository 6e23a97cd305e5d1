import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location /tool/ {
          proxy_pass http://127.0.0.1:9000/;
          proxy_set_header Host $host;
          proxy_set_header Accept-Encoding "";
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: '`sub_filter` replaces the first link of a page alone',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`sub_filter_once` is on unless it is turned off: of each text the first that the page holds is replaced. The other links, scripts and pictures still lead to where the application believes itself to be.',
  remedy: 'Write `sub_filter_once off;` beside it',
  references: ['https://nginx.org/en/docs/http/ngx_http_sub_module.html#sub_filter_once'],
  bad: [
    {
      title: 'links below a prefix',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          «sub_filter» 'href="/' 'href="/tool/';
        `),
      },
    },
    {
      title: 'addresses of the backend',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          «sub_filter» http://inner:9000/ https://$host/tool/;
        `),
      },
    },
    {
      title: 'links of a page',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            «sub_filter» 'href="/' 'href="/tool/';
            default_type text/html;
          `),
        ),
      },
    },
  ],
  good: [
    {
      title: 'all links of a page',
      files: {
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /srv/www;
            sub_filter 'href="/' 'href="/tool/';
            sub_filter_once off;
            default_type text/html;
          `),
        ),
      },
    },
    {
      title: 'all of them',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          sub_filter 'href="/' 'href="/tool/';
          sub_filter_once off;
        `),
      },
    },
    {
      title: 'what stands in a page once',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          sub_filter '<base href="/">' '<base href="/tool/">';
          sub_filter '</head>' '<link rel="stylesheet" href="/own.css"></head>';
          sub_filter 'src="/tool.js"' 'src="/tool/tool.js"';
        `),
      },
    },
  ],
  *check({ nginx: configurations }) {
    for (const configuration of configurations) {
      for (const line of configuration.occurrences.get('sub_filter') ?? []) {
        const { parent } = line
        if (parent === null || !MANY.test(line.args[0]?.value ?? '')) continue
        const once = effective(configuration, parent, 'sub_filter_once')
        if (!once.known || !once.value.complete) continue
        if (once.value.directives.some(({ args }) => args[0]?.value.toLowerCase() === 'off')) continue
        yield {
          at: namePlace(line),
          cause: parent,
          message: `only the first \`${line.args[0]?.value ?? ''}\` of a page is replaced, as \`sub_filter_once\` is on`,
          label: 'once a page',
        }
      }
    }
  },
})

/** The beginning of an attribute's URL, or an address without a path: what a page holds many of. */
const MANY =
  /^(?:(?:href|src|action|srcset|data-src)\s*=\s*\\?["']?\/?|url\(["']?\/|\s?["']\/|(?:https?:)?\/\/[\w.-]+(?::\d+)?\/?)$/i
