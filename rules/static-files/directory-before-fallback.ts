import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { stoppedStartPages } from './_stopped-start-pages.ts'

const BACKEND = conf`
  location @backend {
      proxy_pass http://127.0.0.1:9000;
      proxy_set_header Host $host;
  }
`
const site = (files: string, lines = BACKEND): string =>
  nginxMain(
    nginxServer(conf`
      root /srv/www;
      location / {
          try_files ${files};
      }
      ${lines}
    `),
  )
const STYLES = { 'srv/www/css/site.css': 'p {}\n' }

export default defineRule({
  summary: '`try_files` stops at a directory without a start page, and the application is not asked',
  severity: 'warning',
  otherSeverities: { info: 'where a build may add a start page to the directory' },
  confidence: 'high',
  since: '0.1.0',
  why: '`$uri/` finds every directory that is there, the document root first of all. nginx then looks for `index`, finds none and answers 403, with `directory index of "…" is forbidden` in its log: the fallback is for what was not found. So the start page is refused, and all other pages of the application are answered.',
  remedy: 'Leave `$uri/` out: `try_files $uri @backend;`',
  references: ['https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files'],
  bad: [
    {
      title: 'the start page of an application',
      files: { 'etc/nginx/nginx.conf': site('$uri «$uri/» @backend'), ...STYLES },
    },
    {
      title: 'the start page of PHP, which Apache runs',
      files: {
        'etc/nginx/nginx.conf': site(
          '$uri «$uri/» @backend',
          conf`
            location ~ \.php$ {
                try_files /dev/null @backend;
            }
            ${BACKEND}
          `,
        ),
        'srv/www/index.php': '<?php echo "page";\n',
      },
    },
    {
      title: 'an `index` of a page that is not there',
      files: {
        'etc/nginx/nginx.conf': site('$uri «$uri/» @backend', `index index.html index.htm;\n${BACKEND}`),
        ...STYLES,
      },
    },
    {
      title: 'a directory of its own for one path',
      files: {
        'etc/nginx/nginx.conf': site('$uri @backend').replace(
          'location / {',
          conf`
            location /shop/ {
                root /srv;
                try_files $uri «$uri/» @backend;
            }
            location / {
          `,
        ),
        'srv/shop/css/site.css': 'p {}\n',
      },
    },
  ],
  good: [
    {
      title: 'files alone before the application',
      files: { 'etc/nginx/nginx.conf': site('$uri @backend'), ...STYLES },
    },
    {
      title: 'a start page that is there',
      files: {
        'etc/nginx/nginx.conf': site('$uri $uri/ @backend'),
        'srv/www/index.html': 'start page\n',
      },
    },
    {
      title: 'a start page that the application is asked for',
      files: {
        'etc/nginx/nginx.conf': site(
          '$uri $uri/ @backend',
          conf`
            location = / {
                proxy_pass http://127.0.0.1:9000;
            }
            ${BACKEND}
          `,
        ),
        ...STYLES,
      },
    },
    {
      title: 'an `index` that leads to the application',
      files: {
        'etc/nginx/nginx.conf': site(
          '$uri $uri/ @backend',
          conf`
            index index.php;
            location ~ \.php$ {
                proxy_pass http://127.0.0.1:9000;
            }
            ${BACKEND}
          `,
        ),
        'srv/www/index.php': '<?php echo "page";\n',
      },
    },
    {
      title: 'a listing, and a page of the application for what is forbidden',
      files: {
        'etc/nginx/nginx.conf': nginxMain([
          nginxServer(conf`
            root /srv/www;
            autoindex on;
            location / {
                try_files $uri $uri/ @backend;
            }
            ${BACKEND}
          `),
          nginxServer(conf`
            root /srv/www;
            error_page 403 = @backend;
            location / {
                try_files $uri $uri/ @backend;
            }
            ${BACKEND}
          `).replace('example.org', 'www.example.org'),
        ]),
        ...STYLES,
      },
    },
    {
      title: 'a directory that is not in the audit, where the build may add a start page',
      files: { 'etc/nginx/nginx.conf': site('$uri $uri/ @backend').replace('/srv/www', '/usr/share/app') },
    },
  ],
  *check(deployment) {
    if (!deployment.nginx.some(({ occurrences }) => occurrences.has('try_files'))) return
    for (const { tryFiles, index, url, directory, isSure, pass } of stoppedStartPages(deployment)) {
      const at = argumentPlace(tryFiles, index)
      yield {
        at,
        ...(!isSure && { severity: 'info' as const }),
        message: `\`${url}\` is answered with 403: \`${directory}\` is found, has no start page that \`index\` looks for, and \`${tryFiles.args.at(-1)?.value}\` is not asked`,
        label: 'the directory is there',
        related: [{ at: argumentPlace(pass, 0), message: 'would answer' }],
        ...propose('Look for files alone', 'unsafe', [
          replacePlace({ ...at, end: argumentPlace(tryFiles, index + 1).start }, ''),
        ]),
      }
    }
  },
})
