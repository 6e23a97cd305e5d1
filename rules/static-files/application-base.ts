import { posix } from 'node:path'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import type { Deployment, NginxConnection, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { directoryOf } from '../../src/deployment/requests/url-of-file.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import { passedPath } from '../../src/servers/nginx/queries/passed-path.ts'
import { serverAround } from '../../src/servers/nginx/queries/servers.ts'
import { apacheMain, nginxMain, nginxServer, virtualHost } from '../_examples.ts'
import { answerOf, findingOf, rewritesPages, urlOf } from './_asset-answers.ts'
import { ofAliases, ofPrograms } from './_applications-below-path.ts'
import { applicationsOfImages, type BuiltApplication, builtBeside, serversOf } from './_built-applications.ts'

const VITE = conf`
  import { defineConfig } from 'vite'
  import vue from '@vitejs/plugin-vue'
  export default «defineConfig»({
    plugins: [vue()],
  })
`
const PLAIN_VITE = VITE.replaceAll(/[«»]/g, '')
const withBase = (base: string): string =>
  PLAIN_VITE.replace('plugins: [vue()],', `base: ${base},\n  plugins: [vue()],`)
const packageJson = (script: string, others = ''): string => conf`
  {
    "private": true,${others}
    "scripts": { "build": "${script}" }
  }
`
const project = (configuration: string, script = 'vite build'): Record<string, string> => ({
  'index.html': '<script type="module" src="/src/main.js"></script>\n',
  'package.json': packageJson(script),
  'vite.config.js': configuration,
})
const at = (directory: string, files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${directory}/${path}`, text]))

const DOCKERFILE = conf`
  FROM node:22-alpine AS build
  WORKDIR /build
  COPY backoffice/package.json ./
  RUN npm install
  COPY backoffice/ ./
  RUN npm run build

  FROM nginx:1.27-alpine
  COPY proxy/default.conf /etc/nginx/conf.d/default.conf
  COPY --from=build /build/dist/ /usr/share/nginx/html/backoffice/
`
const COMPOSE = conf`
  services:
    proxy:
      build:
        context: .
        dockerfile: proxy/Dockerfile
      ports: ["80:80"]
    shop:
      image: registry.example.org/shop:2.4
`
const SHOP = conf`
  location / {
      proxy_pass http://shop:8000;
  }
`
const BACKOFFICE = conf`
  location /backoffice/ {
      try_files $uri $uri/ /backoffice/index.html;
  }
`
/** An image of nginx with the build of a project, beside a shop. */
const image = (
  files: Readonly<Record<string, string>>,
  {
    lines = `${BACKOFFICE}${SHOP}`,
    dockerfile = DOCKERFILE,
  }: { readonly lines?: string; readonly dockerfile?: string } = {},
): Record<string, string> => ({
  'docker-compose.yml': COMPOSE,
  'proxy/Dockerfile': dockerfile,
  'proxy/default.conf': conf`
    server {
        listen 80;
        server_name shop.example.org;
        root /usr/share/nginx/html;
        ${lines}
    }
  `,
  ...at('backoffice', files),
})

/** A project that was built on the machine of nginx. */
const machine = (
  files: Readonly<Record<string, string>>,
  output = 'dist',
  lines = '',
): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /var/www/html;
      location /backoffice/ {
          alias /srv/backoffice/${output}/;
          try_files $uri $uri/ /backoffice/index.html;
      }
      ${lines}
    `),
  ),
  ...at('srv/backoffice', { ...files, [`${output}/index.html`]: '<div id="app"></div>\n' }),
})

/** A container that serves an application at its root, behind a proxy. */
const behind = (
  files: Readonly<Record<string, string>>,
  pass: string,
  lines = SHOP,
  own = '',
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      proxy:
        image: nginx:1.27
        ports: ["80:80"]
        volumes: ["./proxy.conf:/etc/nginx/conf.d/default.conf:ro"]
      shop:
        image: registry.example.org/shop:2.4
      backoffice:
        build: ./backoffice
  `,
  'proxy.conf': conf`
    server {
        listen 80;
        server_name shop.example.org;
        location /backoffice/ {
            proxy_pass ${pass};
        }
        ${lines}
    }
  `,
  'backoffice/Dockerfile': conf`
    FROM node:22 AS build
    WORKDIR /app
    COPY package*.json .
    RUN npm ci
    COPY . .
    RUN npm run build
    FROM nginx:1.27
    COPY --from=build /app/dist /usr/share/nginx/html
    ${own === '' ? '' : 'COPY nginx.conf /etc/nginx/conf.d/default.conf'}
  `,
  ...(own !== '' && { 'backoffice/nginx.conf': own }),
  ...at('backoffice', files),
})
const FALLBACK = conf`
  server {
      listen 80;
      root /usr/share/nginx/html;
      location / {
          try_files $uri /index.html;
      }
  }
`
const REACT = DOCKERFILE.replace('/build/dist/', '/build/build/')
const angular = (base: string): Record<string, string> => ({
  'angular.json': '{ "projects": { "backoffice": { "architect": { "build": {} } } } }\n',
  'package.json': packageJson('ng build'),
  'src/index.html': conf`
    <!doctype html>
    <html>
      <head><base href="${base}"></head>
      <body><app-root></app-root></body>
    </html>
  `,
})
const ANGULAR = DOCKERFILE.replace('/build/dist/', '/build/dist/backoffice/browser/')

/** Next.js on the machine, behind a line of Apache or nginx. */
const next = (
  pass: string,
  configuration = 'reactStrictMode: true,',
  others: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          DocumentRoot /var/www/html
          ${pass}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'alias'],
  ),
  ...program(configuration),
  ...others,
})
const program = (configuration: string): Record<string, string> => ({
  'etc/systemd/system/portal.service': conf`
    [Service]
    User=www-data
    WorkingDirectory=/opt/portal
    ExecStart=/usr/bin/npm start
    [Install]
    WantedBy=multi-user.target
  `,
  'opt/portal/package.json': conf`
    {
      "scripts": { "build": "next build", "start": "next start -H 127.0.0.1 -p 3000" },
      "dependencies": { "next": "14.2.3" }
    }
  `,
  'opt/portal/next.config.js': conf`
    /** @type {import('next').NextConfig} */
    const «nextConfig» = {
      ${configuration}
    }
    module.exports = nextConfig
  `,
  'opt/portal/pages/index.js': 'export default () => null\n',
})
const plain = (files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text.replaceAll(/[«»]/g, '')]))
/** Nuxt behind nginx. */
const nuxt = (base: string, environment = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /var/www/html;
      location /portal/ {
          proxy_pass http://127.0.0.1:3000/;
      }
    `),
  ),
  'etc/systemd/system/portal.service': conf`
    [Service]
    User=www-data
    WorkingDirectory=/opt/portal
    ${environment}
    ExecStart=/usr/bin/node .output/server/index.mjs
    [Install]
    WantedBy=multi-user.target
  `,
  'opt/portal/package.json': '{ "dependencies": { "nuxt": "3.12.0" } }\n',
  'opt/portal/nuxt.config.ts': conf`
    export default «defineNuxtConfig»({
      ssr: true,
      ${base}
    })
  `,
  'opt/portal/.output/server/index.mjs': 'export default {}\n',
})
/** The build of a project, at a path of Apache. */
const alias = (configuration: string, lines = ''): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <Directory /srv/backoffice/dist>
          Require all granted
          FallbackResource /backoffice/index.html
      </Directory>
      ${virtualHost([
        'DocumentRoot /var/www/html',
        'Alias /backoffice /srv/backoffice/dist',
        ...(lines === '' ? [] : [lines]),
      ])}
    `,
    ['alias', 'dir'],
  ),
  ...at('srv/backoffice', { ...project(configuration), 'dist/index.html': '<div id="app"></div>\n' }),
})

export default defineRule({
  summary: 'An application is served below a path, and built for another one',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Vite, Create React App, Vue CLI and Angular write the URLs of scripts and style sheets into `index.html` when they build it, and Next.js and Nuxt into their pages, from the root where nothing else is set: `/assets/index-4f1c2d3e.js`. Below `/backoffice/` the start page comes, and its scripts are asked of the root, where there is nothing (`GET /assets/index-4f1c2d3e.js 404 (Not Found)`) or another application, whose page is no script (`Expected a JavaScript module script but the server responded with a MIME type of "text/html"`): the page stays white. `npm run dev` shows nothing of it.',
  remedy:
    'Build it for the path: `base` of Vite, `homepage` of Create React App, `publicPath` of Vue CLI, `<base href>` or `--base-href` of Angular, `basePath` of Next.js, `app.baseURL` of Nuxt',
  references: [
    'https://vite.dev/guide/build.html#public-base-path',
    'https://create-react-app.dev/docs/deployment/#building-for-relative-paths',
    'https://cli.vuejs.org/config/#publicpath',
    'https://angular.dev/tools/cli/deployment',
  ],
  unproven: 'The live tests build no applications: what a build tool writes into a page, no server shows',
  bad: [
    {
      title: 'Next.js behind Apache, which takes the path away',
      files: next('ProxyPass /portal http://127.0.0.1:3000'),
    },
    {
      title: 'Next.js behind Apache, which passes the path on',
      files: next('ProxyPass /portal http://127.0.0.1:3000/portal'),
    },
    {
      title: 'Next.js behind nginx, which passes the path on',
      files: {
        ...program('reactStrictMode: true,'),
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            root /var/www/html;
            location /portal {
                proxy_pass http://127.0.0.1:3000;
            }
          `),
        ),
      },
    },
    { title: 'Nuxt behind nginx, which takes the path away', files: nuxt('') },
    { title: 'what Vite built, at a path of Apache', files: alias(VITE) },
    { title: 'Vite, in an image of nginx', files: image(project(VITE)) },
    {
      title: 'Vite without a configuration',
      files: image({
        'index.html': '<div id="app"></div>\n',
        'package.json': packageJson('«vite build»').replace('"«', '«"').replace('»"', '"»'),
      }),
    },
    {
      title: 'Vite with another base',
      files: image(project(withBase("«'/admin/'»"))),
    },
    {
      title: 'a project of create-vue, whose script starts others',
      files: image({
        ...project(VITE),
        'package.json': conf`
          {
            "scripts": {
              "build": "run-p type-check \"build-only {@}\" --",
              "build-only": "vite build",
              "type-check": "vue-tsc --build"
            }
          }
        `,
      }),
    },
    {
      title: 'no other application at the root',
      files: image(project(VITE), { lines: BACKOFFICE }),
    },
    {
      title: 'a redirect of all other paths',
      files: image(project(VITE), {
        lines: conf`
          ${BACKOFFICE}
          location / {
              return 302 /backoffice/;
          }
        `,
      }),
    },
    {
      title: 'an image that no compose file builds',
      files: Object.fromEntries(
        Object.entries(image(project(VITE))).filter(([path]) => path !== 'docker-compose.yml'),
      ),
    },
    {
      title: 'Create React App',
      files: image(
        { 'package.json': packageJson('react-scripts build').replace(/"react.*?"/, '«$&»') },
        { dockerfile: REACT },
      ),
    },
    {
      title: 'Create React App with the address of another site',
      files: image(
        {
          'package.json': packageJson(
            'react-scripts build',
            '\n"homepage": «"https://example.github.io/shop"»,',
          ),
        },
        { dockerfile: REACT },
      ),
    },
    {
      title: 'Vue CLI',
      files: image({
        'package.json': packageJson('vue-cli-service build'),
        'vue.config.js': conf`
          const { defineConfig } = require('@vue/cli-service')
          module.exports = «defineConfig»({ transpileDependencies: true })
        `,
      }),
    },
    { title: 'Angular', files: image(angular('«/»'), { dockerfile: ANGULAR }) },
    {
      title: 'another application at the root, of the same image',
      files: {
        ...image(project(VITE), {
          lines: conf`
            ${BACKOFFICE}
            location / {
                try_files $uri /index.html;
            }
          `,
          dockerfile: DOCKERFILE.replace(
            'FROM nginx:1.27-alpine\n',
            conf`
              FROM node:22-alpine AS site
              WORKDIR /build
              COPY site/ ./
              RUN npm install
              RUN npm run build

              FROM nginx:1.27-alpine
              COPY --from=site /build/dist/ /usr/share/nginx/html/
            `,
          ),
        }),
        ...at('site', project(PLAIN_VITE)),
      },
    },
    { title: 'on the machine of nginx', files: machine(project(VITE)) },
    {
      title: 'a directory that a compose file mounts',
      files: {
        ...image(project(VITE)),
        'docker-compose.yml': conf`
          services:
            proxy:
              image: nginx:1.27
              ports: ["80:80"]
              volumes:
                - ./proxy/default.conf:/etc/nginx/conf.d/default.conf:ro
                - ./backoffice/dist:/usr/share/nginx/html/backoffice:ro
            shop:
              image: registry.example.org/shop:2.4
        `,
        'proxy/Dockerfile': '',
        'backoffice/dist/index.html': '<div id="app"></div>\n',
      },
    },
    { title: 'a proxy that takes the prefix away', files: behind(project(VITE), 'http://backoffice/') },
    {
      title: 'a proxy that leaves the prefix, and a server that answers all paths with the start page',
      files: behind(project(VITE), 'http://backoffice', SHOP, FALLBACK),
    },
  ],
  good: [
    {
      title: 'Next.js with its path, which Apache passes on',
      files: plain(next('ProxyPass /portal http://127.0.0.1:3000/portal', "basePath: '/portal',")),
    },
    {
      title: 'Next.js at the root as well, where its scripts are',
      files: plain(next('ProxyPass /portal http://127.0.0.1:3000\nProxyPass / http://127.0.0.1:3000/')),
    },
    {
      title: 'Next.js whose scripts have a line of their own',
      files: plain(
        next('ProxyPass /portal http://127.0.0.1:3000\nProxyPass /_next http://127.0.0.1:3000/_next'),
      ),
    },
    {
      title: 'Next.js whose path a variable has',
      files: plain(next('ProxyPass /portal http://127.0.0.1:3000', "basePath: process.env.BASE_PATH || '',")),
    },
    {
      title: 'Next.js with another address for its scripts',
      files: plain(
        next('ProxyPass /portal http://127.0.0.1:3000', "assetPrefix: 'https://cdn.example.org',"),
      ),
    },
    {
      title: 'Next.js with a page of that path',
      files: plain(
        next('ProxyPass /portal http://127.0.0.1:3000/portal', 'reactStrictMode: true,', {
          'opt/portal/pages/portal/index.js': 'export default () => null\n',
        }),
      ),
    },
    {
      title: 'Next.js that may have any page',
      files: plain(
        next('ProxyPass /portal http://127.0.0.1:3000/portal', 'reactStrictMode: true,', {
          'opt/portal/pages/[[...path]].js': 'export default () => null\n',
        }),
      ),
    },
    {
      title: 'an interface of Next.js, which is no page',
      files: plain(
        next('ProxyPass /api http://127.0.0.1:3000/api', 'reactStrictMode: true,', {
          'opt/portal/pages/api/orders.js': 'export default () => null\n',
        }),
      ),
    },
    { title: 'Nuxt with its path', files: plain(nuxt("app: { baseURL: '/portal/' },")) },
    {
      title: 'Nuxt whose environment has the path',
      files: plain(nuxt('', 'Environment=NUXT_APP_BASE_URL=/portal/')),
    },
    { title: 'what Vite built for a path of Apache', files: alias(withBase("'/backoffice/'")) },
    {
      title: 'what Vite built, and the scripts at the root as well',
      files: alias(PLAIN_VITE, 'Alias /assets /srv/backoffice/dist/assets'),
    },
    { title: 'Vite with its base', files: image(project(withBase("'/backoffice/'"))) },
    { title: 'a base without its last slash', files: image(project(withBase("'/backoffice'"))) },
    { title: 'a relative base', files: image(project(withBase("'./'"))) },
    { title: 'an empty base', files: image(project(withBase("''"))) },
    { title: 'a base that is computed', files: image(project(withBase('process.env.APP_BASE'))) },
    { title: 'a base of the script', files: image(project(PLAIN_VITE, 'vite build --base=/backoffice/')) },
    { title: 'a base of a variable', files: image(project(PLAIN_VITE, 'vite build --base=$APP_BASE')) },
    {
      title: 'a base that the Dockerfile gives',
      files: image(project(PLAIN_VITE), {
        dockerfile: DOCKERFILE.replace('npm run build', 'npm run build -- --base=/backoffice/'),
      }),
    },
    {
      title: 'a plugin that may set it',
      files: image(project(PLAIN_VITE.replace('@vitejs/plugin-vue', 'laravel-vite-plugin'))),
    },
    {
      title: 'a configuration that takes over another',
      files: image(project(PLAIN_VITE.replace('plugins:', '...shared,\n  plugins:'))),
    },
    {
      title: 'a script that changes what was built',
      files: image(project(PLAIN_VITE, 'vite build && node scripts/finish.js')),
    },
    {
      title: 'a step that changes the pages',
      files: image(project(PLAIN_VITE), {
        dockerfile: `${DOCKERFILE}RUN sed -i 's!/assets/!/backoffice/assets/!g' /usr/share/nginx/html/backoffice/index.html\n`,
      }),
    },
    {
      title: 'a script at the start of the container',
      files: image(project(PLAIN_VITE), {
        dockerfile: `${DOCKERFILE}COPY proxy/default.conf /docker-entrypoint.d/40-base.sh\n`,
      }),
    },
    {
      title: 'another configuration in the image',
      files: image(
        { ...project(PLAIN_VITE), 'docker/vite.config.js': withBase("'/backoffice/'") },
        {
          dockerfile: DOCKERFILE.replace(
            'RUN npm run build',
            'COPY backoffice/docker/vite.config.js ./\nRUN npm run build',
          ),
        },
      ),
    },
    {
      title: 'the build at the root, too',
      files: image(project(PLAIN_VITE), {
        lines: BACKOFFICE,
        dockerfile: `${DOCKERFILE}COPY --from=build /build/dist/ /usr/share/nginx/html/\n`,
      }),
    },
    {
      title: 'the assets of the build at the root',
      files: image(project(PLAIN_VITE), {
        lines: BACKOFFICE,
        dockerfile: `${DOCKERFILE}COPY --from=build /build/dist/assets /usr/share/nginx/html/assets\n`,
      }),
    },
    {
      title: 'a location for the assets of the root',
      files: image(project(PLAIN_VITE), {
        lines: conf`
          ${BACKOFFICE}
          ${SHOP}
          location /assets/ {
              root /usr/share/nginx/html/backoffice;
          }
        `,
      }),
    },
    {
      title: 'files of the root that are looked for in the application',
      files: image(project(PLAIN_VITE), {
        lines: conf`
          ${BACKOFFICE}
          location / {
              try_files $uri /backoffice$uri =404;
          }
        `,
      }),
    },
    {
      title: 'a redirect to the same file of the application',
      files: image(project(PLAIN_VITE), {
        lines: conf`
          ${BACKOFFICE}
          location / {
              return 302 /backoffice$request_uri;
          }
        `,
      }),
    },
    {
      title: 'pages that nginx rewrites',
      files: image(project(PLAIN_VITE), {
        lines: conf`
          ${BACKOFFICE.replace('try_files', 'sub_filter "/assets/" "/backoffice/assets/";\nsub_filter_once off;\ntry_files')}
          ${SHOP}
        `,
      }),
    },
    {
      title: 'served at the root',
      files: image(project(PLAIN_VITE), {
        lines: conf`
          location / {
              try_files $uri /index.html;
          }
        `,
        dockerfile: DOCKERFILE.replace('html/backoffice/', 'html/'),
      }),
    },
    {
      title: 'Create React App with its path',
      files: image(
        { 'package.json': packageJson('react-scripts build', '\n"homepage": "/backoffice",') },
        { dockerfile: REACT },
      ),
    },
    {
      title: 'Create React App with a relative path',
      files: image(
        { 'package.json': packageJson('react-scripts build', '\n"homepage": ".",') },
        { dockerfile: REACT },
      ),
    },
    {
      title: 'Create React App with a variable of the image',
      files: image(
        { 'package.json': packageJson('react-scripts build') },
        { dockerfile: REACT.replace('WORKDIR', 'ENV PUBLIC_URL=/backoffice\nWORKDIR') },
      ),
    },
    {
      title: 'Create React App with a variable of its own file',
      files: image(
        { 'package.json': packageJson('react-scripts build'), '.env.production': 'PUBLIC_URL=/backoffice\n' },
        { dockerfile: REACT },
      ),
    },
    {
      title: 'Vue CLI with its path',
      files: image({
        'package.json': packageJson('vue-cli-service build'),
        'vue.config.js': "module.exports = { publicPath: '/backoffice/' }\n",
      }),
    },
    {
      title: 'Vue CLI with a path of its mode',
      files: image({
        'package.json': packageJson('vue-cli-service build'),
        'vue.config.js':
          "module.exports = { publicPath: process.env.NODE_ENV === 'production' ? '/backoffice/' : '/' }\n",
      }),
    },
    { title: 'Angular with its path', files: image(angular('/backoffice/'), { dockerfile: ANGULAR }) },
    {
      title: 'Angular with a path of its script',
      files: image(
        { ...angular('/'), 'package.json': packageJson('ng build --base-href /backoffice/') },
        { dockerfile: ANGULAR },
      ),
    },
    {
      title: 'Angular with a path of its workspace',
      files: image(
        { ...angular('/'), 'angular.json': '{ "build": { "options": { "baseHref": "/backoffice/" } } }\n' },
        { dockerfile: ANGULAR },
      ),
    },
    { title: 'on the machine of nginx, with its base', files: machine(project(withBase("'/backoffice/'"))) },
    {
      title: 'another script that builds it',
      files: machine({
        ...project(PLAIN_VITE),
        'package.json': conf`
          {
            "scripts": {
              "build": "vite build",
              "build:production": "vite build --base=/backoffice/"
            }
          }
        `,
      }),
    },
    {
      title: 'a script of the project that builds it',
      files: machine({
        ...project(PLAIN_VITE),
        'deploy.sh': 'npm run build -- --base=/backoffice/\n',
      }),
    },
    {
      title: 'the assets of the root out of the same directory',
      files: machine(
        project(PLAIN_VITE),
        'dist',
        conf`
          location /assets/ {
              alias /srv/backoffice/dist/assets/;
          }
        `,
      ),
    },
    {
      title: 'a start page that was built for the path',
      files: {
        ...machine(project(PLAIN_VITE)),
        'srv/backoffice/dist/index.html': '<script type="module" src="./assets/index-77aa.js"></script>\n',
      },
    },
    {
      title: 'what a backend names in pages of its own',
      files: {
        ...machine(project(PLAIN_VITE)),
        'etc/nginx/nginx.conf': nginxMain(
          nginxServer(conf`
            location /static/ {
                alias /srv/backoffice/dist/;
            }
            location / {
                proxy_pass http://127.0.0.1:9000;
            }
          `),
        ),
      },
    },
    {
      title: 'a manifest that a backend reads',
      files: image(project(PLAIN_VITE.replace('plugins:', 'build: { manifest: true },\n  plugins:'))),
    },
    { title: 'a project that is not in the audit', files: machine({}) },
    {
      title: 'a proxy that takes the prefix away from what knows it',
      files: behind(project(withBase("'/backoffice/'")), 'http://backoffice/'),
    },
    {
      title: 'a proxy that sends all other paths there, too',
      files: behind(
        project(PLAIN_VITE),
        'http://backoffice/',
        'location / {\n    proxy_pass http://backoffice;\n}\n',
      ),
    },
    {
      title: 'a proxy with a location for the assets',
      files: behind(
        project(PLAIN_VITE),
        'http://backoffice/',
        conf`
          ${SHOP}
          location /assets/ {
              proxy_pass http://backoffice;
          }
        `,
      ),
    },
    {
      title: 'a server that takes the prefix for a file',
      files: behind(project(PLAIN_VITE), 'http://backoffice'),
    },
  ],
  *check(deployment) {
    yield* ofImages(deployment)
    yield* ofDirectories(deployment)
    yield* ofProxies(deployment)
    yield* ofAliases(deployment)
    yield* ofPrograms(deployment)
  },
})

/** What an image of nginx has, and its own servers serve. */
function* ofImages(deployment: Deployment): Iterable<RuleFinding> {
  for (const [run, applications] of applicationsOfImages(deployment)) {
    // What another proxy makes of the paths is asked of it.
    const isBehind =
      run.machine.container !== null &&
      deployment.connections.http.some(({ targets }) =>
        targets.some(({ machine }) => machine === run.machine),
      )
    if (isBehind) continue
    for (const server of serversOf(deployment, run))
      for (const application of applications) {
        const others = applications.filter(each => each !== application).map(indexOf)
        const found = servedElsewhere(deployment, server, application, others)
        if (found !== null) yield found
      }
  }
}

/** What was built beside its project, and an `alias` names. */
function* ofDirectories(deployment: Deployment): Iterable<RuleFinding> {
  const servers = serversAround(deployment)
  for (const configuration of deployment.nginx) {
    const files = deployment.filesOf(configuration)
    for (const line of configuration.occurrences.get('alias') ?? []) {
      const directory = directoryOf(line)
      const home = serverAround(line)
      const server = home === null ? undefined : servers.get(home)
      const base = server === undefined ? null : builtBeside(files, directory)
      if (server === undefined || base === null) continue
      const at = argumentPlace(line, 0)
      const found = servedElsewhere(deployment, server, { base, directories: [directory], at })
      if (found !== null) yield found
    }
  }
}

/** What a container serves at its root, to which a location of another server leads. */
function* ofProxies(deployment: Deployment): Iterable<RuleFinding> {
  const images = [...applicationsOfImages(deployment)].filter(([{ machine }]) => machine.container !== null)
  if (images.length === 0) return
  const ofMachine = new Map(images.map(image => [image[0].machine, image]))
  for (const connection of deployment.connections.http) {
    const [target, ...others] = connection.targets
    const image = target?.machine == null ? undefined : ofMachine.get(target.machine)
    if (image === undefined || others.length > 0) continue
    const [run, applications] = image
    const way = wayOf(connection)
    if (way === null || rewritesPages(connection.server.configuration)) continue
    const servers = serversOf(deployment, run)
    for (const application of applications) {
      const index = indexOf(application)
      const isServed =
        servers.length === 0
          ? way.uri === '/' && index === PAGES && isNginxImage(run.base)
          : servers.every(
              server =>
                !rewritesPages(server.configuration) &&
                isIndex(askFor(deployment, server, application, way.uri), application),
            )
      if (!isServed) continue
      const path = urlOf(application.base)
      const answer = askServer(deployment, connection.server, path, { assume: () => null })
      if (answer === null || leadsTo(deployment, answer, connection)) continue
      const said = answerOf(answer, path)
      if (said !== null) yield findingOf(application, way.prefix, said, argumentPlace(connection.block, 0))
    }
  }
}

const PAGES = '/usr/share/nginx/html/index.html'

interface Way {
  readonly prefix: string
  /** What the container is asked for where the prefix is. */
  readonly uri: string
}

/** The path below which a location leads to a container; null where it may change more than the prefix. */
function wayOf({ block, server, pass }: NginxConnection): Way | null {
  const prefix = block.name === 'location' ? prefixOf(block) : null
  const passed = prefix === null ? null : passedPath(server.configuration, block, pass)
  if (prefix === null || passed === null) return null
  const { taken, sent, rewrite } = passed
  if (
    block.children.some(child => child !== rewrite && /^(?:rewrite|sub_filter|return|if)$/.test(child.name))
  )
    return null
  return { prefix, uri: sent === taken ? prefix : taken.endsWith('/') || sent === '/' ? sent : `${sent}/` }
}

/** True where a request is sent to the machine that another connection leads to. */
function leadsTo(deployment: Deployment, { end }: Outcome, { targets }: NginxConnection): boolean {
  if (end.kind !== 'pass') return false
  const machines = new Set(targets.map(({ machine }) => machine))
  return deployment.connections.http.some(
    ({ pass, targets: others }) =>
      pass === end.target.directive && others.some(({ machine }) => machines.has(machine)),
  )
}

/**
 * A finding where a server serves the start page of an application below a path, and its scripts nowhere.
 *
 * @param pages start pages of what else was built into the same image
 */
function servedElsewhere(
  deployment: Deployment,
  server: NginxServer,
  application: BuiltApplication,
  pages: readonly string[] = [],
): RuleFinding | null {
  if (rewritesPages(server.configuration)) return null
  const path = urlOf(application.base)
  const found = placesOf(server, application).find(({ prefix }) =>
    isIndex(askFor(deployment, server, application, prefix), application),
  )
  if (found === undefined) return null
  // What a backend names in its own pages: nobody asks for the start page there.
  const hasPages = isIndex(askFor(deployment, server, application, `${found.prefix}${MISSING}`), application)
  if (OF_ASSETS.test(found.prefix) && !hasPages) return null
  const answer = askFor(deployment, server, application, path, pages)
  const said = answer === null || isOwn(answer, application) ? null : answerOf(answer, path)
  return said === null ? null : findingOf(application, found.prefix, said, found.at)
}

const OF_ASSETS = /\/(?:static(?:files)?|assets?|media|dist|build|public|files|js|css|vite|frontend)\/$/

interface ServedPlace {
  readonly prefix: string
  readonly at: Place
}

/** Paths below which a server may serve an application: of its locations, and of its `root`. */
function placesOf({ directive }: NginxServer, { directories }: BuiltApplication): readonly ServedPlace[] {
  const found: ServedPlace[] = []
  const visit = (block: NginxDirective): void => {
    for (const child of block.children) {
      if (child.name === 'root') {
        const root = directoryOf(child)
        for (const directory of directories)
          if (directory !== root && isBelow(directory, root))
            found.push({ prefix: `${directory.slice(root.length)}/`, at: argumentPlace(child, 0) })
      }
      if (child.name !== 'location') continue
      const prefix = prefixOf(child)
      if (prefix !== null) found.unshift({ prefix, at: argumentPlace(child, child.args.length - 1) })
      visit(child)
    }
  }
  visit(directive)
  return found
}

/** The plain prefix of a location, with a slash at its end; null for the root and all others. */
function prefixOf(location: NginxDirective): string | null {
  const { modifier, name } = readLocation(location)
  return (modifier === '' || modifier === '^~') && /^\/[\w.~-]+(?:\/[\w.~-]+)*\/?$/.test(name)
    ? name.replace(/\/?$/, '/')
    : null
}

/** Asks a server for a path where nothing is there but what the build wrote. */
function askFor(
  deployment: Deployment,
  server: NginxServer,
  { base, directories }: BuiltApplication,
  path: string,
  others: readonly string[] = [],
): Outcome | null {
  const own = directories.flatMap(directory => [
    posix.join(directory, 'index.html'),
    posix.join(directory, base.asset),
  ])
  const existing = [...own, ...others]
  return askServer(deployment, server, path, { existing, assume: () => null })
}

function indexOf({ directories }: BuiltApplication): string {
  return posix.join(directories[0] ?? '/', 'index.html')
}

function isIndex(answer: Outcome | null, { directories }: BuiltApplication): boolean {
  const end = answer?.end
  return (
    end?.kind === 'file' &&
    end.status === 200 &&
    directories.some(directory => end.path === posix.join(directory, 'index.html'))
  )
}

/** True where the script of the build is sent. */
function isOwn({ end }: Outcome, { base, directories }: BuiltApplication): boolean {
  return end.kind === 'file' && directories.some(directory => end.path === posix.join(directory, base.asset))
}
