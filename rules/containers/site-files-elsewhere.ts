import { cleanPath } from '../../parsers/text/clean-path.ts'
import { overlap } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { isPass } from '../../src/servers/nginx/queries/locations.ts'
import { knowsFilesAt, hasAt, OF_IMAGE } from './_mounted.ts'

const site = (root: string): string => conf`
  server {
      listen 80;
      root ${root};
      index index.html;
      location / {
          try_files $uri /index.html;
      }
  }
`

const compose = (mount: string, more = ''): string => conf`
  services:
    web:
      image: nginx:1.27
      ports: ["80:80"]
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
        - ${mount}
    ${more}
`

const withPages = (mount: string, served: string): Record<string, string> => ({
  'docker-compose.yml': compose(mount),
  'site.conf': served,
  'public/index.html': '<p>Here</p>\n',
})

const mounted = (root: string, mount: string): Record<string, string> => withPages(mount, site(root))

const built = (root: string, lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        build: .
        ports: ["80:80"]
  `,
  Dockerfile: conf`
    FROM node:22 AS build
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build

    FROM nginx:1.27-alpine
    ${lines}
    COPY site.conf /etc/nginx/conf.d/default.conf
  `,
  'site.conf': site(root),
})

export default defineRule({
  summary: 'The files of a site lie elsewhere in the container than where nginx looks for them',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx sees what its image has and what is mounted or copied there. Nothing is at its `root`, and the pages were brought to another directory, so every request is answered with 404, or with the welcome page of the image: `open() "/var/www/html/index.html" failed (2: No such file or directory)`.',
  remedy: 'Write one path at both ends: where the files are mounted or copied to, and as `root`',
  references: [
    'https://hub.docker.com/_/nginx',
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#root',
  ],
  unproven: 'What a container sees, its compose file and Dockerfile say: no loopback has another file system',
  bad: [
    {
      title: 'mounted where the image keeps its own pages',
      files: mounted('«/var/www/html»', './public:/usr/share/nginx/html:ro'),
    },
    {
      title: 'mounted at a path of one’s own',
      files: mounted('«/usr/share/nginx/html»', './public:/srv/site:ro'),
    },
    {
      title: 'copied from the stage that builds them',
      files: built('«/usr/share/nginx/html»', 'COPY --from=build /app/dist /var/www/site'),
    },
    {
      title: 'a root that the pages were meant to go to',
      files: built('«/app/dist»', 'COPY --from=build /app/dist /usr/share/nginx/html'),
    },
    {
      title: 'a root of the location',
      files: withPages(
        './public:/srv/site',
        conf`
          server {
              listen 80;
              location / {
                  root «/srv/www»;
                  index index.html;
              }
          }
        `,
      ),
    },
    {
      title: 'an API beside the pages',
      files: {
        'public/index.html': '<p>Here</p>\n',
        'docker-compose.yml': compose(
          './public:/usr/share/nginx/html',
          conf`
            api:
              image: node:22
              command: node server.js
          `,
        ),
        'site.conf': conf`
          server {
              listen 80;
              root «/var/www/html»;
              location /api/ {
                  proxy_pass http://api:3000;
              }
          }
        `,
      },
    },
  ],
  good: [
    { title: 'one path', files: mounted('/srv/site', './public:/srv/site:ro') },
    { title: 'a directory above the root', files: mounted('/srv/site/public', './public:/srv/site/public') },
    {
      title: 'copied to where nginx serves it',
      files: built('/usr/share/nginx/html', 'COPY --from=build /app/dist /usr/share/nginx/html'),
    },
    {
      title: 'a step that may move them',
      files: built(
        '/srv/site',
        conf`
          COPY --from=build /app/dist /usr/share/nginx/html
          RUN ln -s /usr/share/nginx/html /srv/site
        `,
      ),
    },
    {
      title: 'a step that may copy them where the first command fails',
      files: built(
        '/srv/site/current',
        conf`
          COPY --from=build /app/dist /usr/share/nginx/html
          RUN rm /etc/nginx/conf.d/default.conf || cp -r /usr/share/nginx/html $SITE
        `,
      ),
    },
    {
      title: 'pages of the image, and a directory that another location serves',
      files: withPages(
        './public:/srv/shop',
        conf`
          server {
              listen 80;
              root /usr/share/nginx/html;
              location /shop/ {
                  root /srv;
              }
          }
        `,
      ),
    },
    {
      title: 'an application that answers what is not there',
      files: withPages(
        './public:/usr/share/nginx/html',
        conf`
          server {
              listen 80;
              root /var/www/html;
              location / {
                  try_files $uri @app;
              }
              location @app {
                  proxy_pass http://127.0.0.1:8000;
              }
          }
        `,
      ),
    },
    {
      title: 'pages of an application in PHP, which has its own files',
      files: withPages(
        './public:/usr/share/nginx/html',
        conf`
          server {
              listen 80;
              root /var/www/html;
              location / {
                  try_files $uri /index.php$is_args$args;
              }
              location ~ \.php$ {
                  fastcgi_pass php:9000;
                  fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
              }
          }
        `,
      ),
    },
  ],
  *check(deployment) {
    for (const { configuration, machine } of programsOfKind(deployment, 'nginx')) {
      const { container } = machine
      if (container === null) continue
      for (const directive of configuration.occurrences.get('root') ?? []) {
        const written = directive.args[0]?.value ?? ''
        if (!/^\/[^$]*$/.test(written) || !answersFromRoot(directive)) continue
        const root = cleanPath(written)
        const isOfImage = root === PAGES
        if ((OF_IMAGE.test(root) && !isOfImage) || !knowsFilesAt(container, root)) continue
        if (hasAt(container, root)) continue
        const there = siteIn(container, isOfImage)
        if (there === null || (isOfImage && serves(configuration, there.target))) continue
        yield {
          at: argumentPlace(directive, 0),
          message: isOfImage
            ? `the files of the site are brought to \`${there.target}\`, and nginx serves the welcome page of its image`
            : `nothing brings \`${root}\` into the container of nginx: the files of the site are at \`${there.target}\`, so every page is answered with 404`,
          label: isOfImage ? 'the pages of the image' : 'not in this container',
          related: [{ at: there.at, message: `brings them to \`${there.target}\`` }],
          help: `Write \`root ${there.target};\`, or bring the files to \`${root}\``,
        }
      }
    }
  },
})

/** Where the image of nginx has its welcome page. */
const PAGES = '/usr/share/nginx/html'

/** True where all that no other location takes is looked for as a file below this `root`. */
function answersFromRoot({ parent }: NginxDirective): boolean {
  if (parent === null) return false
  if (parent.name === 'location') return parent.args.at(-1)?.value === '/' && answersWithFiles(parent)
  if (parent.name !== 'server' || !answersWithFiles(parent)) return false
  const whole = parent.children.find(({ name, args }) => name === 'location' && args.at(-1)?.value === '/')
  return (
    whole === undefined ||
    (answersWithFiles(whole) && !whole.children.some(({ name }) => name === 'root' || name === 'alias'))
  )
}

/** True for a block that neither sends its requests on nor falls back on what a program answers. */
function answersWithFiles({ children }: NginxDirective): boolean {
  return children.every(({ name, args }) => {
    if (isPass(name) || /^(?:return|rewrite|if)$/.test(name)) return false
    // What is not there goes to a named location, or to a script that another container may have.
    if (name === 'try_files' || name === 'error_page') return !/^@|\.php|\$/.test(args.at(-1)?.value ?? '')
    return name !== 'index' || !args.some(({ value }) => value.endsWith('.php'))
  })
}

/** True where some location is answered out of a directory, or out of one above or below it. */
function serves({ occurrences }: NginxConfiguration, directory: string): boolean {
  return ['root', 'alias'].some(name =>
    occurrences.get(name)?.some(({ args }) => overlap(cleanPath(args[0]?.value ?? ''), directory)),
  )
}

/** Where a container has the pages of a site; null where nobody knows. */
function siteIn(
  { mounts, image, files }: Container,
  isBesidePages: boolean,
): { readonly target: string; readonly at: Place } | null {
  for (const { target, at, path } of mounts) {
    if (path === null || (isBesidePages && OF_IMAGE.test(target))) continue
    if (files.kind(`${cleanPath(target)}/index.html`) === 'file') return { target: cleanPath(target), at }
  }
  for (const step of image?.steps ?? []) {
    if (!('sources' in step) || step.stage === null || !step.target.known) continue
    const target = cleanPath(step.target.value)
    const [source] = step.sources
    if (
      source?.known !== true ||
      !/(?:^|\/)(?:dist|build|out|public|www|html|_site|site|browser)$/.test(cleanPath(source.value))
    )
      continue
    if (target === PAGES ? !isBesidePages : !OF_IMAGE.test(target)) return { target, at: step.at }
  }
  return null
}
