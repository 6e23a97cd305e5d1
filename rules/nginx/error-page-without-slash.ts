import { isUnknownWord } from '../../parsers/text/source.ts'
import { insertBefore, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (line: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      ${line}
      location / {
          try_files $uri $uri/ =404;
      }
    `),
  ),
})

export default defineRule({
  summary: 'The page of an error has no first slash, so clients are redirected',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx sends a page of its own only for a path, which begins with `/`, and for a named location. Anything else it takes for a URL: with `error_page 404 error.html` whoever asks for `/shop/lamp` is redirected with 302 to `error.html`, which for a browser is `/shop/error.html`, where the same happens again, until it gives up: `ERR_TOO_MANY_REDIRECTS`.',
  remedy: 'Begin the page with a slash: `error_page 404 /error.html;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#error_page'],
  bad: [
    { title: 'a page', files: nginx('error_page 404 «error.html»;') },
    {
      title: 'a page with a status of its own',
      files: nginx('error_page 500 502 503 =503 «errors/50x.html»;'),
    },
  ],
  good: [
    {
      title: 'a path, a named location, and URLs',
      files: nginx(conf`
        error_page 404 /error.html;
        error_page 500 @failed;
        error_page 502 https://status.example.org/;
        error_page 503 $scheme://status.example.org/;
        error_page 403 http:/maintenance.html;
        location @failed {
            return 500 failed;
        }
      `),
    },
    {
      title: 'a path that a template fills in',
      files: { 'site.conf.j2': nginxServer('error_page 404 {{ page }};') },
    },
  ],
  *check({ nginx: configurations }) {
    for (const { occurrences } of configurations) {
      for (const line of occurrences.get('error_page') ?? []) {
        const index = line.args.length - 1
        const page = line.args[index]?.value ?? ''
        if (index < 1 || isUnknownWord(page) || !PAGE.test(page)) continue
        const at = argumentPlace(line, index)
        yield {
          at,
          message: `clients are redirected to \`${page}\`, beside the page that they asked for: a path of this server begins with a slash`,
          label: 'no first slash',
          ...propose('Begin with a slash', 'unsafe', [insertBefore(at, '/')]),
        }
      }
    }
  },
})

/** A path of files as it stands without its slash; no scheme, no variable, no status. */
const PAGE = /^[\w.-]+(?:\/[\w.-]+)*\.(?:html?|php|json|txt|xml|shtml)$/i
