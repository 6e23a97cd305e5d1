import { readFallbacks } from '../../parsers/caddy/read-fallbacks.ts'
import { caddyfiles } from '../../src/deployment/caddy-fronts.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const tree = (lines: string, top = ''): Record<string, string> => ({
  'compose.yaml': conf`
    services:
      caddy:
        image: caddy:2
        ports: ["80:80", "443:443"]
        volumes: ["./Caddyfile:/etc/caddy/Caddyfile", "./dist:/srv"]
      api:
        image: example/api:1
  `,
  Caddyfile: conf`
    ${top}
    example.org {
        root * /srv
        ${lines}
        file_server
    }
  `,
})

export default defineRule({
  summary: 'A `try_files` of Caddy takes the paths of a `reverse_proxy`',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Caddy does not run directives in the order in which they are written: `try_files` comes before `handle`, `reverse_proxy` and all else that answers but `redir`, and these look at the path that it has made. A path of the API is no file, so it becomes `/index.html`, the matcher of the proxy does not fit any more, and clients of the API get the page, with 200.',
  remedy:
    'Put the proxy and the files into a `handle` each: `handle /api/* { reverse_proxy … }`, `handle { try_files …; file_server }`',
  references: [
    'https://caddyserver.com/docs/caddyfile/directives#directive-order',
    'https://caddyserver.com/docs/caddyfile/patterns#single-page-apps-spas',
  ],
  unproven: 'The live tests have no Caddy',
  bad: [
    {
      title: 'beside the proxy',
      files: tree('«try_files» {path} /index.html\nreverse_proxy /api/* api:8000'),
    },
    {
      title: 'behind the proxy',
      files: tree('reverse_proxy /api/* api:8000\n«try_files» {path} {path}/ /index.html?{query}'),
    },
    {
      title: 'beside a handle',
      files: tree(conf`
        handle /api/* {
            reverse_proxy api:8000
        }
        «try_files» {path} /index.html
      `),
    },
    {
      title: 'beside a handle_path',
      files: tree(conf`
        handle_path /api/* {
            reverse_proxy api:8000
        }
        «try_files» {path} /index.html
      `),
    },
    {
      title: 'a matcher with a name',
      files: tree(conf`
        @api path /api/* /admin/*
        reverse_proxy @api api:8000
        «try_files» {path} =404
      `),
    },
    {
      title: 'in front of it in a route',
      files: tree(conf`
        route {
            «try_files» {path} /index.html
            reverse_proxy /api/* api:8000
        }
      `),
    },
    {
      title: 'a snippet',
      files: tree(
        'import page\nreverse_proxy /api/* api:8000',
        '(page) {\n    «try_files» {path} /index.html\n}',
      ),
    },
  ],
  good: [
    {
      title: 'a handle each',
      files: tree(conf`
        handle /api/* {
            reverse_proxy api:8000
        }
        handle {
            try_files {path} /index.html
        }
      `),
    },
    {
      title: 'behind it in a route',
      files: tree(conf`
        route {
            reverse_proxy /api/* api:8000
            try_files {path} /index.html
        }
      `),
    },
    {
      title: 'another order',
      files: tree(
        'try_files {path} /index.html\nreverse_proxy /api/* api:8000',
        '{\n    order reverse_proxy before try_files\n}',
      ),
    },
    {
      title: 'a proxy for all that is no file',
      files: tree('try_files {path} /app{path}\nreverse_proxy /app/* api:8000'),
    },
    {
      title: 'a path of the proxy itself',
      files: tree('try_files {path} /app/index\nreverse_proxy /app/* api:8000'),
    },
    {
      title: 'a proxy that is asked for everything',
      files: tree('try_files {path} /index.html\nreverse_proxy api:8000'),
    },
    {
      title: 'a rewrite whose matcher leaves the API out',
      files: tree(conf`
        @page {
            not path /api/*
            file {path} /index.html
        }
        rewrite @page {file_match.relative}
        reverse_proxy /api/* api:8000
      `),
    },
    {
      title: 'a root for the paths of the page alone',
      files: Object.fromEntries(
        Object.entries(tree('try_files {path} /index.html\nreverse_proxy /api/* api:8000')).map(
          ([path, text]) => [path, text.replace('root * /srv', 'root /page/* /srv')],
        ),
      ),
    },
    {
      title: 'a matcher that looks at something else',
      files: tree(conf`
        @sockets header Connection *Upgrade*
        reverse_proxy @sockets api:8000
        try_files {path} /index.html
      `),
    },
  ],
  *check(deployment) {
    for (const source of caddyfiles(deployment))
      for (const { at, target, lost, isInRoute } of readFallbacks(source)) {
        const [first] = lost
        if (first === undefined) continue
        const isStatus = target.startsWith('=')
        yield {
          at,
          message: `${
            isInRoute ? 'it stands before the proxy' : 'Caddy runs it before the proxy'
          }, so requests for \`${first.path}\` ${isStatus ? `end with ${target.slice(1)}` : `become \`${target}\``} and never get there`,
          label: 'comes first',
          related: lost.map(each => ({
            at: each.at,
            message: 'is asked for the path that `try_files` made',
          })),
          help: isInRoute
            ? 'Write `reverse_proxy` before it'
            : `Put it into a \`handle { … }\`, and the proxy into \`handle ${first.path} { … }\``,
        }
      }
  },
})
