import { posix } from 'node:path'
import type { ComposeService } from '../../../parsers/compose/compose.ts'
import { memo } from '../../../parsers/collections/memo.ts'
import { commandText, stepText } from '../../../parsers/dockerfile/command-text.ts'
import { isBelow, overlap } from '../../../parsers/text/is-below.ts'
import { type Source, textSource } from '../../../parsers/text/source.ts'
import type { FileSystem } from '../../files/file-system.ts'
import { mountedFiles } from '../../files/mounted-files.ts'
import type { Mount } from '../../files/mounts.ts'
import { overlaidFiles } from '../../files/overlaid-files.ts'
import { STAND_IN } from '../../../parsers/text/stand-in.ts'
import type { Container, ContainerMount } from './container.ts'
import { endOfStart } from './end-of-start.ts'
import { isForeignMount } from './foreign-mount.ts'
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
const IMAGE_SITES: Readonly<Record<'privileged' | 'unprivileged', Source>> = {
  privileged: siteOn(80),
  unprivileged: siteOn(8080),
}

function siteOn(port: number): Source {
  return textSource(
    `${STAND_IN}image of nginx${DEFAULT_SITE}`,
    `server {
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
`,
  )
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
  if (!hasStockMain(container) || !isKnown(container)) return null
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
  if (whole.kind(DEFAULT_SITE) !== null || !keepsDefaultSite(container)) return whole
  const site = IMAGE_SITES[base?.endsWith('-unprivileged') === true ? 'unprivileged' : 'privileged']
  return overlaidFiles(whole, { sources: new Map([[DEFAULT_SITE, site]]) })
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

/** False where a mount of the whole directory hides the site of the image, and where a step removes it or may. */
function keepsDefaultSite(container: Container): boolean {
  const { mounts, image } = container
  if (mounts.some(({ target, from }) => from !== 'COPY' && isBelow(SITES, target))) return false
  const isRemoved = (image?.steps ?? []).some(
    step => 'command' in step && REMOVED.test(commandText(step.command)),
  )
  return !isRemoved && isKnown(container)
}

/** `rm /etc/nginx/conf.d/default.conf`, `rm -rf /etc/nginx/conf.d/*`, `rm -rf /etc/nginx/conf.d`. */
const REMOVED =
  /\b(?:rm|unlink)\s(?:[^;&|\n]*\s)?\/etc\/nginx\/conf\.d(?:\/(?:\*(?:\.conf)?|default(?:\.conf|\*))?)?\s*(?:$|[\s;&|])/

/** What touches neither the configuration nor which of it nginx reads. */
const HARMLESS_STEP =
  /^(?:(?!\/etc\/nginx|\.sh\b|\bsh -c|nginx\.conf|default\.conf|conf\.d|\beval\b)[\s\S])*$/
const TELLS_ANOTHER = /\bnginx\b[^;&|]*\s-[cpe]\b|\/etc\/nginx|\.sh\b|\.conf\b|\benvsubst\b|\beval\b/

/** The directories from which nginx or its start script reads whatever lies there. */
const READ_FROM = [SITES, TEMPLATES]

/** True where all that stands below `/etc/nginx` is what the image has and what the repository brings. */
function isKnown(container: Container): boolean {
  const { service, mounts, files, isAlone } = container
  if ((!service.complete && !isAlone) || !startsPlainly(container)) return false
  const isOpen = ({ target }: ContainerMount): boolean =>
    target === '/docker-entrypoint.sh' || isBelow(target, '/docker-entrypoint.d')
  if (mounts.some(isOpen)) return false
  const isRead = ({ target }: ContainerMount): boolean => READ_FROM.some(place => overlap(target, place))
  if (mounts.some(mount => isRead(mount) && isForeignMount(container, mount, isNginx))) return false
  if (files.kind(TEMPLATES) !== null && movesTemplates(container)) return false
  return changesNothing(container)
}

/** True where nginx is started with its own main file, and nothing is written before. */
function startsPlainly(container: Container): boolean {
  const { service, image, files } = container
  const end = endOfStart(container)
  if (end !== null && end.script !== null && end.script.source.path !== '/docker-entrypoint.sh') {
    const [program = '', ...options] = end.words
    // What the own start script makes of templates, another one does not.
    return (
      /^(?:\/usr\/sbin\/)?nginx$/.test(program) &&
      !TELLS_ANOTHER.test(['nginx', ...options].join(' ')) &&
      !MAY_WRITE.test(end.script.before) &&
      files.kind(TEMPLATES) === null
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

/** What a script may do before to the files of nginx. */
const MAY_WRITE = /nginx|\.conf\b|\benvsubst\b|\beval\b|\.sh\b|\bsed\b|^[ \t]*(?:\.|source)[ \t]/m

/** True where the steps that build the image bring what is in the repository, and write nothing of nginx. */
function changesNothing({ image, mounts }: Container): boolean {
  return (image?.steps ?? []).every(step => {
    if (step.documents.length > 0) return false
    if ('command' in step) return HARMLESS_STEP.test(stepText(step.command).replace(REMOVED, ' '))
    const { target, sources } = step
    if (!target.known) return false
    const isHidden = mounts.some(({ from, target: over }) => from !== 'COPY' && isBelow(target.value, over))
    if (isHidden || !overlap(target.value, HOME)) return true
    return (
      sources.every(({ known }) => known) &&
      mounts.filter(({ at }) => at === step.at).length >= sources.length
    )
  })
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
