import { posix } from 'node:path'
import type { ComposeService } from '../../../parsers/compose/compose.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import { commandText } from '../../../parsers/dockerfile/command-text.ts'
import { isBelow, overlap } from '../../../parsers/text/is-below.ts'
import { type Source, textSource } from '../../../parsers/text/source.ts'
import { type FileSystem, sourceAt } from '../../files/file-system.ts'
import { mountedFiles } from '../../files/mounted-files.ts'
import type { Mount } from '../../files/mounts.ts'
import { STAND_IN } from '../../../parsers/text/stand-in.ts'
import type { Container, ContainerMount } from './container.ts'
import { endOfStart } from './end-of-start.ts'
import { isForeignMount } from './foreign-mount.ts'
import { takeSteps } from './image-files/build-steps.ts'
import { type Build, emptyTree, type ImageTree, withTree } from './image-files/image-tree.ts'
import { takesScript } from './image-files/takes-script.ts'
import { NGINX_HOME } from './nginx-packages/nginx-home.ts'
import { imageName } from './read-containers.ts'

/**
 * True for an image of nginx itself, without its tag, whose main file and start script are known.
 *
 * @param base as {@link Container.base}
 */
export function isNginxImage(base: string | null): boolean {
  return /^(?:nginx|nginxinc\/nginx-unprivileged|nginx\/nginx)$/.test(base ?? '')
}

const HOME = '/etc/nginx'
export const MAIN = `${HOME}/nginx.conf`
const SITES = `${HOME}/conf.d`
const DEFAULT_SITE = `${SITES}/default.conf`
const TEMPLATES = `${HOME}/templates`

/** What the main file of nginx's own image includes. */
export const INCLUDED = /^\/etc\/nginx\/conf\.d\/[^/]+\.conf$/

/**
 * The main file of the image, of which versions differ in the place of the process id alone.
 *
 * @see https://github.com/nginx/docker-nginx
 */
export const IMAGE_MAIN: Source = textSource(
  `${STAND_IN}image of nginx${MAIN}`,
  `worker_processes auto;
error_log /var/log/nginx/error.log notice;
events {
    worker_connections 1024;
}
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
    access_log /var/log/nginx/access.log main;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
`,
)

/** The site that lies in the image, and answers with its welcome page. */
function siteOn(port: number): string {
  return `server {
    listen ${port};
    server_name localhost;
    location / {
        root /usr/share/nginx/html;
        index index.html index.htm;
    }
    error_page 500 502 503 504 /50x.html;
    location = /50x.html {
        root /usr/share/nginx/html;
    }
}
`
}

/** True where nginx starts with the main file of its own image. */
export function hasStockMain({ base, files, mounts }: Container): boolean {
  const isHidden = mounts.some(
    ({ target, from }) => target === MAIN || (from !== 'COPY' && isBelow(MAIN, target)),
  )
  return isNginxImage(base) && !isHidden && files.kind(MAIN) === null
}

/**
 * The files that the stock main file of a container includes, by their paths in it; null where it has another one, or
 * where something is there that nobody knows, or may be changed before nginx starts.
 */
export const includedByStockMain = memo((container: Container): readonly string[] | null => {
  if (!hasStockMain(container) || nginxImageTree(container) === null) return null
  const files = withNginxFiles(container)
  return (files.list(SITES) ?? []).flatMap(({ name }) => {
    const path = posix.join(SITES, name)
    return INCLUDED.test(path) ? [path] : []
  })
})

/** The files of a container, with what its image brings or writes below `/etc/nginx/conf.d` before nginx starts. */
export const withNginxFiles = memo((container: Container): FileSystem => {
  const { base, files } = container
  if (!isNginxImage(base)) return files
  const rendered = renderedTemplates(files)
  const whole = rendered.length === 0 ? files : mountedFiles(files, [...rendered, { at: '/', disk: '/' }])
  const tree = nginxImageTree(container)
  return tree === null ? whole : withTree(whole, tree, NGINX_HOME, 'image of nginx').files
})

/** The start script writes what it fills in of `/etc/nginx/templates` to `/etc/nginx/conf.d`. */
function renderedTemplates(files: FileSystem): readonly Mount[] {
  return (files.list(TEMPLATES) ?? []).flatMap(({ name, kind }): Mount[] =>
    kind === 'file' && name.endsWith('.template')
      ? [{ at: posix.join(SITES, name.slice(0, -'.template'.length)), disk: posix.join(TEMPLATES, name) }]
      : [],
  )
}

/** True for a file made of a template by whose own name nobody knows it for one, and in which variables are filled in. */
export function isFilledIn({ files }: Container, path: string, { template, text }: Source): boolean {
  return files.kind(path) === null && !template && /\$\{?[A-Z]/.test(text)
}

/** What the image has below `/etc/nginx` when nginx starts; null where nobody knows. */
export const nginxImageTree = memo((container: Container): ImageTree | null => {
  if (!isNginxImage(container.base)) return null
  if (!isKnown(container)) return null
  const kind = container.base?.endsWith('-unprivileged') === true ? 'unprivileged' : 'privileged'
  const tree = emptyTree([[DEFAULT_SITE.slice(HOME.length + 1), siteOn(kind === 'privileged' ? 80 : 8080)]])
  const build = takeSteps(tree, NGINX_HOME, container)
  if (build === null || !startsPlainly(container, build)) return null
  return ownScripts(container).every(
    source => source !== null && takesScript(build, container, { source, before: source.text }),
  )
    ? tree
    : null
})

/** The directory of what the start script runs. */
const SCRIPTS = '/docker-entrypoint.d'

/** Those of the repository, in their order; null for one that it does not run by itself, or that cannot be read. */
function ownScripts({ files }: Container): readonly (Source | null)[] {
  return (files.list(SCRIPTS) ?? []).map(({ name, kind }) =>
    kind === 'file' && name.endsWith('.sh') ? sourceAt(files, posix.join(SCRIPTS, name)) : null,
  )
}

const TELLS_ANOTHER = /\bnginx\b[^;&|]*\s-[cpe]\b|\/etc\/nginx|\.sh\b|\.conf\b|\benvsubst\b|\beval\b/

/** The directories from which nginx or its start script reads whatever lies there. */
const READ_FROM = [SITES, TEMPLATES]

/** True where all that stands below `/etc/nginx` is what the image has and what the repository brings. */
function isKnown(container: Container): boolean {
  const { service, mounts, files, isAlone } = container
  if (!service.complete && !isAlone) return false
  const isOpen = ({ target, path }: ContainerMount): boolean =>
    target === '/docker-entrypoint.sh' || (isBelow(target, SCRIPTS) && path === null)
  if (mounts.some(isOpen)) return false
  const isRead = ({ target }: ContainerMount): boolean => READ_FROM.some(place => overlap(target, place))
  if (mounts.some(mount => isRead(mount) && isForeignMount(container, mount, isNginx))) return false
  if (files.kind(TEMPLATES) !== null && movesTemplates(container)) return false
  return true
}

/** True where nginx is started with its own main file, and all is known that is written before. */
function startsPlainly(container: Container, build: Build): boolean {
  const { service, image, files } = container
  const end = endOfStart(container)
  if (end !== null && end.script !== null && end.script.source.path !== '/docker-entrypoint.sh') {
    const [program = '', ...options] = end.words
    // What the own start script makes of templates, another one does not.
    return (
      /^(?:\/usr\/sbin\/)?nginx$/.test(program) &&
      !TELLS_ANOTHER.test(['nginx', ...options].join(' ')) &&
      files.kind(TEMPLATES) === null &&
      takesScript(build, container, end.script)
    )
  }
  const ofService = [service.entrypoint, service.command].flatMap(command =>
    command === null ? [] : [command.rest === null ? command.words.map(({ text }) => text).join(' ') : null],
  )
  const ofImage = [image?.entrypoint, image?.command].flatMap(command =>
    command == null ? [] : [commandText(command)],
  )
  return [...ofService, ...ofImage].every(
    text => text !== null && !TELLS_ANOTHER.test(text.replaceAll('/docker-entrypoint.sh', '')),
  )
}

/** Another nginx writes nothing. */
function isNginx({ image }: ComposeService): boolean {
  return image?.known === true && isNginxImage(imageName(image))
}

function movesTemplates({ image, service }: Container): boolean {
  return (
    service.envFiles.length > 0 ||
    [...(image?.environment ?? []), ...service.environment].some(({ name }) =>
      name.startsWith('NGINX_ENVSUBST_'),
    )
  )
}
