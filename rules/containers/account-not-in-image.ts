import { stepText } from '../../parsers/dockerfile/command-text.ts'
import { parseNginx } from '../../parsers/nginx/parse.ts'
import type { NginxDirectiveNode } from '../../parsers/nginx/syntax.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { type RunImage, runImages } from './_images.ts'

const main = (user: string): string => conf`
  ${user}
  events {
  }
  http {
      include /etc/nginx/conf.d/*.conf;
  }
`
const built = (user: string, dockerfile: string): Record<string, string> => ({
  Dockerfile: dockerfile,
  'main.conf': main(user),
  'site.conf': siteTo('192.0.2.7:8000'),
})
const alpine = (lines: string): string => conf`
  FROM alpine:3.20
  ${lines}
  COPY main.conf /etc/nginx/nginx.conf
  COPY site.conf /etc/nginx/conf.d/default.conf
  CMD ["nginx", "-g", "daemon off;"]
`
const mounted = (user: string, image: string): Record<string, string> => ({
  'docker-compose.yml': composeWith()
    .replace('image: nginx:1.27', `image: ${image}`)
    .replace('- ./nginx/site.conf', '- ./nginx/main.conf:/etc/nginx/nginx.conf:ro\n      $&'),
  'nginx/main.conf': main(user),
  'nginx/site.conf': siteTo('web:8000'),
})

export default defineRule({
  summary: 'nginx is to run as an account that its image does not have',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A main file from another system names the account of that system: `www-data` is Debian’s, and Alpine has a group of that name and no account; `nginx` is the one of nginx’s own packages, which Debian’s lack. nginx ends with `getpwnam("www-data") failed`, and the container with it.',
  remedy:
    'Name the account of the image (`nginx` on Alpine and in nginx’s own image, `www-data` on Debian), or make it in the Dockerfile',
  references: ['https://nginx.org/en/docs/ngx_core_module.html#user', 'https://hub.docker.com/_/nginx'],
  unproven: 'The live tests start no containers: which accounts an image has, no loopback shows',
  bad: [
    {
      title: 'the account of Debian on Alpine',
      files: built('user «www-data»;', alpine('RUN apk add --no-cache nginx')),
    },
    { title: 'in nginx’s own image', files: mounted('user «www-data» www-data;', 'nginx:1.27-alpine') },
    {
      title: 'the account of nginx’s packages with those of Debian',
      files: built(
        'user «nginx»;',
        conf`
          FROM debian:12
          RUN apt-get update && apt-get install -y --no-install-recommends nginx
          COPY main.conf /etc/nginx/nginx.conf
          COPY site.conf /etc/nginx/conf.d/default.conf
          CMD ["nginx", "-g", "daemon off;"]
        `,
      ),
    },
  ],
  good: [
    { title: 'the account of the package', files: built('user nginx;', alpine('RUN apk add nginx')) },
    { title: 'the account of the image', files: mounted('user nginx;', 'nginx:1.27-alpine') },
    { title: 'on Debian', files: mounted('user www-data;', 'nginx:1.27') },
    { title: 'no account', files: mounted('', 'nginx:1.27-alpine') },
    {
      title: 'an account that the build makes',
      files: built('user www-data;', alpine('RUN apk add nginx && adduser -D -S -u 82 -G www-data www-data')),
    },
    {
      title: 'the account of another package of Alpine',
      files: built('user apache;', alpine('RUN apk add nginx php83-apache2 apache2')),
    },
    {
      title: 'a script that may make it',
      files: built('user www-data;', alpine('COPY setup.sh /\nRUN /setup.sh')),
    },
    {
      title: 'nginx’s own package on Debian',
      files: built(
        'user nginx;',
        conf`
          FROM debian:12
          RUN echo "deb http://nginx.org/packages/debian bookworm nginx" > /etc/apt/sources.list.d/n.list \
              && apt-get update && apt-get install -y nginx
          COPY main.conf /etc/nginx/nginx.conf
        `,
      ),
    },
    {
      title: 'a container that does not run as root, where nginx passes over the line',
      files: built('user www-data;', alpine('RUN apk add nginx\nUSER nginx')),
    },
    {
      title: 'the same, as the compose file says',
      files: {
        ...mounted('user www-data;', 'nginx:1.27-alpine'),
        'docker-compose.yml': mounted('', 'nginx:1.27-alpine\n    user: "101"')['docker-compose.yml'] ?? '',
      },
    },
    {
      title: 'an image of somebody else',
      files: mounted('user www-data;', 'registry.example.org/base:alpine'),
    },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      const lacking = lackingAccounts(run)
      if (lacking === null) continue
      for (const { target, path } of run.mounts) {
        if (path === null || (target !== '/etc/nginx/nginx.conf' && target !== '/etc/nginx')) continue
        const user = userOf(run.files, path)
        if (user === null || !lacking.accounts.includes(user.name)) continue
        yield {
          at: user.at,
          message: `\`${run.reference}\` has no account \`${user.name}\`: getpwnam("${user.name}") failed`,
          label: 'nginx does not start',
        }
      }
    }
  },
})

interface Lacking {
  readonly image: RegExp
  /** What the build has to say for this to be certain. */
  readonly installs?: RegExp
  /** What brings an account of these. */
  readonly brings?: RegExp
  readonly accounts: readonly string[]
}

const LACKING: readonly Lacking[] = [
  {
    image: /^(?:alpine(?::|$)|nginx:\S*alpine)/,
    brings: /\bapache2\b/,
    accounts: ['www-data', 'apache', 'httpd', 'http', 'www'],
  },
  { image: /^nginx(?:$|:(?!\S*alpine))/, accounts: ['apache', 'httpd', 'http', 'www'] },
  {
    image: /^(?:debian|ubuntu)(?::|$)/,
    installs: /\bapt(?:-get)?\b[^;&|]*\binstall\b[^;&|]*\bnginx(?:-\w+)?(?:\s|$)/,
    accounts: ['nginx', 'apache', 'httpd', 'http', 'www'],
  },
  {
    image: /^(?:centos|rockylinux|almalinux|fedora|amazonlinux)(?::|$)/,
    installs: /\b(?:yum|dnf|microdnf)\b[^;&|]*\binstall\b[^;&|]*\bnginx(?:\s|$)/,
    accounts: ['www-data', 'http', 'www'],
  },
]

/** What may make an account, or bring one. */
const MAKES_ACCOUNTS =
  /\b(?:adduser|useradd|usermod|newusers|vipw|passwd|ansible|xargs|nginx\.org|nginx\.list|make)\b|\.sh\b|\bppa:|\$\(|`/

/** The accounts that an image surely lacks; null where nobody knows. */
function lackingAccounts({ reference, image, command, machine }: RunImage): Lacking | null {
  if (reference === null || command === undefined) return null
  // nginx passes over the line where another account than root starts it, and looks nobody up.
  const user = machine.container?.service.user ?? image?.user ?? null
  const found = LACKING.find(each => each.image.test(reference))
  if (found === undefined) return null
  if (user !== null && !(user.known && /^(?:root|0)(?::|$)/.test(user.value))) return null
  let installs = found.installs === undefined
  for (const step of image?.steps ?? []) {
    if ('sources' in step) {
      if (!step.target.known || /^\/$|^\/etc(?:\/passwd)?$/.test(step.target.value)) return null
      continue
    }
    const text = stepText(step.command)
    if (step.documents.length > 0 || MAKES_ACCOUNTS.test(text) || found.brings?.test(text)) return null
    if (found.installs?.test(text)) installs = true
  }
  return installs && !MAKES_ACCOUNTS.test(command?.words.join(' ') ?? '') ? found : null
}

/** The account that a main file names, or the one of a directory that is placed whole. */
function userOf(files: FileSystem, path: string): { readonly name: string; readonly at: Place } | null {
  const main = files.kind(path) === 'directory' ? `${path}/nginx.conf` : path
  const read = files.kind(main) === 'file' ? files.read(main) : null
  if (read?.kind !== 'source') return null
  const { source } = read
  const user = parseNginx(source).children.find(
    (node): node is NginxDirectiveNode => node.kind === 'directive' && node.name.value === 'user',
  )
  const [word] = user?.args ?? []
  return word === undefined ? null : { name: word.value, at: { source, start: word.start, end: word.end } }
}
