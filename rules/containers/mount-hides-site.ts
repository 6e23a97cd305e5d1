import { posix } from 'node:path'
import type { DockerCopy } from '../../parsers/dockerfile/dockerfile.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { runsOnlyWebServer } from './_runs-only.ts'

const BUILT = conf`
  FROM node:22 AS build
  WORKDIR /src
  COPY . .
  RUN npm ci && npm run build

  FROM nginx:1.27
  COPY --from=build /src/dist /usr/share/nginx/html
`
const page = (
  volume: string,
  files: Readonly<Record<string, string>>,
  dockerfile = BUILT,
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      front:
        build: ./front
        ports: ["80:80"]
        volumes:
          - ${volume}
  `,
  'front/Dockerfile': dockerfile,
  'front/package.json': '{ "scripts": { "build": "vite build" } }\n',
  ...files,
})
export default defineRule({
  summary: 'A mount hides the site that the image brings',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A directory that is mounted stands in the place of all that the image has there. Where the Dockerfile copies the built pages to `/usr/share/nginx/html` and a directory of settings, of uploads or of the sources is mounted over it, no `index.html` is left: nginx and Apache answer `/` with 403 (`directory index of "/usr/share/nginx/html/" is forbidden`), and `try_files … /index.html` with 500.',
  remedy:
    'Mount the file by itself (`./config.js:/usr/share/nginx/html/config.js`, in Kubernetes with `subPath`), or a directory beside the pages',
  references: [
    'https://docs.docker.com/engine/storage/bind-mounts/#bind-mount-over-existing-data',
    'https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath',
  ],
  unproven: 'The live tests start no containers: what a mount hides, no loopback shows',
  bad: [
    {
      title: 'the sources of the pages',
      files: page('«./front/public:/usr/share/nginx/html»', { 'front/public/favicon.svg': '<svg/>\n' }),
    },
    {
      title: 'settings',
      files: page('«./settings:/usr/share/nginx/html:ro»', { 'settings/config.js': 'window.API = "/api"\n' }),
    },
    {
      title: 'pages of the repository in Apache',
      files: page(
        '«./uploads:/usr/local/apache2/htdocs»',
        { 'front/pages/index.html': '<h1>Shop</h1>\n', 'uploads/.gitkeep': '' },
        'FROM httpd:2.4\nCOPY pages/ /usr/local/apache2/htdocs/\n',
      ),
    },
  ],
  good: [
    {
      title: 'one file',
      files: page('./settings/config.js:/usr/share/nginx/html/config.js', {
        'settings/config.js': 'window.API = "/api"\n',
      }),
    },
    {
      title: 'other pages in their place',
      files: page('./maintenance:/usr/share/nginx/html', { 'maintenance/index.html': '<h1>Later</h1>\n' }),
    },
    { title: 'what is built on the host', files: page('./front/dist:/usr/share/nginx/html', {}) },
    {
      title: 'a directory beside the pages',
      files: page('./uploads:/usr/share/nginx/html/uploads', { 'uploads/.gitkeep': '' }),
    },
    {
      title: 'a page of its own in a mount of its own',
      files: {
        ...page('./settings:/usr/share/nginx/html', { 'settings/config.js': '\n', 'index.html': '\n' }),
        'docker-compose.yml': conf`
          services:
            front:
              build: ./front
              volumes:
                - ./settings:/usr/share/nginx/html
                - ./index.html:/usr/share/nginx/html/index.html
        `,
      },
    },
    {
      title: 'an image that starts something else',
      files: page(
        './settings:/usr/share/nginx/html',
        { 'settings/config.js': '\n' },
        `${BUILT}CMD ["/start.sh"]\n`,
      ),
    },
  ],
  *check(deployment) {
    for (const container of deployment.containers()) {
      if (!runsOnlyWebServer(container)) continue
      for (const mount of container.mounts) {
        const hidden = mount.from === 'volumes' ? hiddenBy(mount, container) : null
        if (hidden === null) continue
        yield {
          at: mount.at,
          message: `this hides what the image copies to \`${hidden.path}\`, and has no index.html: 403 for \`/\``,
          label: 'stands in the place of the pages',
          related: [{ at: hidden.copy.at, message: 'copied here' }],
        }
      }
    }
  },
})

const PAGES: ReadonlySet<string> = new Set(['/usr/share/nginx/html', '/usr/local/apache2/htdocs'])
const INDEX = /^index\.\w+$|\.html?$/

interface Hidden {
  readonly path: string
  readonly copy: DockerCopy
}

/** The pages of an image in whose place a mount has none, as far as all of it is known. */
function hiddenBy(mount: ContainerMount, container: Container): Hidden | null {
  const path = cleanPath(mount.target)
  const copy = PAGES.has(path) ? pagesAt(path, container) : null
  const names = copy === null ? null : namesIn(mount, path, container)
  return copy === null || names === null || names.some(name => INDEX.test(name)) ? null : { path, copy }
}

/** What brings pages to a directory: a stage that built them, or a directory of the repository that has an index. */
function pagesAt(path: string, { image, hostFiles }: Container): DockerCopy | null {
  for (const step of image?.steps ?? []) {
    if (!('sources' in step) || !step.target.known || cleanPath(step.target.value) !== path) continue
    const [source, ...others] = step.sources
    if (source?.known !== true || others.length > 0) continue
    if (step.stage !== null) return step
    const directory = posix.join(posix.dirname(step.at.source.path), source.value)
    if (hostFiles.kind(posix.join(directory, 'index.html')) === 'file') return step
  }
  return null
}

/** What a mount shows at its own level, with what is mounted into it; null where somebody else fills it. */
function namesIn(
  { path: place, isFilled }: ContainerMount,
  target: string,
  { mounts, hostFiles }: Container,
): readonly string[] | null {
  const own = isFilled === true ? [] : place === null ? null : hostFiles.list(place)
  if (own === null) return null
  const inside = mounts.filter(each => each.target !== target && isBelow(cleanPath(each.target), target))
  return [...own.map(({ name }) => name), ...inside.map(each => posix.basename(each.target))]
}
