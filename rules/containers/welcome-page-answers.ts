import type { Place, Source } from '../../parsers/text/source.ts'
import { placesIn } from '../../src/deployment/containers/places-in.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { nameConflicts, socketsOf } from '../../src/servers/nginx/queries/select-server.ts'
import { serverNames } from '../../src/servers/nginx/queries/server-names.ts'
import { httpServers } from '../../src/servers/nginx/queries/servers.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'

const compose = (target: string, lines = ''): string => conf`
  services:
    web:
      image: nginx:1.27
      ports: ["80:80"]
      volumes:
        - ./site.conf:${target}:ro
        - ./pages:/srv/pages:ro
      ${lines}
`
const SITE = '/etc/nginx/conf.d/site.conf'
const site = (name: string, listen = '80'): string => conf`
  server {
      listen ${listen};
      ${name}
      root /srv/pages;
  }
`
const files = (text: string, target = SITE): Record<string, string> => ({
  'compose.yaml': compose(target),
  'site.conf': text,
  'pages/index.html': '<p>Here</p>\n',
})

export default defineRule({
  summary: "The site that nginx's image or Alpine's package comes with answers in place of another one",
  severity: 'error',
  otherSeverities: { warning: 'where the site has other names, by which it is asked' },
  confidence: 'high',
  since: '0.1.0',
  why: 'In the image of nginx lies `conf.d/default.conf`: a server on port 80 with the name `localhost` and the page "Welcome to nginx!". It stays there beside other files of `conf.d`, which are read in the order of their names. Where it is read first, it is the default server, answers whatever host no name matches, and keeps the name `localhost`. The package of Alpine has `http.d/default.conf`, the default server of port 80 wherever it is read, and answers 404.',
  remedy:
    'Put the site at `/etc/nginx/conf.d/default.conf` (of Alpine at `/etc/nginx/http.d/default.conf`), whose place it takes, or remove that file from the image',
  references: [
    'https://github.com/nginx/docker-nginx/blob/master/mainline/debian/Dockerfile',
    'https://nginx.org/en/docs/http/request_processing.html',
  ],
  unproven: 'The live tests start no containers: what lies in the image, its Dockerfile says',
  bad: [
    { title: 'the name `localhost`', files: files(site('server_name «localhost»;')) },
    { title: 'a site without a name', files: files(site('').replace('server {', '«server» {')) },
    { title: 'a site for whatever name', files: files(site('server_name «_»;')) },
    {
      title: 'one of two names',
      files: files(site('server_name example.org «localhost»;')),
    },
    {
      title: 'an image that a Dockerfile builds',
      files: {
        Dockerfile: 'FROM nginx:1.27\nCOPY site.conf /etc/nginx/conf.d/\nCOPY pages /srv/pages\n',
        'site.conf': site('server_name «_»;'),
        'pages/index.html': '<p>Here</p>\n',
      },
    },
    {
      title: 'the image without privileges, which listens on 8080',
      files: {
        ...files(site('server_name «_»;', '8080')),
        'compose.yaml': compose(SITE).replace('nginx:1.27', 'nginxinc/nginx-unprivileged:1.27'),
      },
    },
    {
      title: 'beside the site of the package of Alpine',
      files: {
        Dockerfile: conf`
          FROM alpine:3.20
          RUN apk add --no-cache nginx
          COPY app.conf /etc/nginx/http.d/app.conf
          COPY pages /srv/pages
          CMD ["nginx", "-g", "daemon off;"]
        `,
        'app.conf': site('server_name «_»;'),
        'pages/index.html': '<p>Here</p>\n',
      },
    },
  ],
  good: [
    {
      title: 'in the place of the site of the package of Alpine',
      files: {
        Dockerfile: conf`
          FROM alpine:3.20
          RUN apk add --no-cache nginx && rm /etc/nginx/http.d/default.conf
          COPY app.conf /etc/nginx/http.d/app.conf
          COPY pages /srv/pages
          CMD ["nginx", "-g", "daemon off;"]
        `,
        'app.conf': site('server_name _;'),
        'pages/index.html': '<p>Here</p>\n',
      },
    },
    { title: 'a file in its place', files: files(site(''), '/etc/nginx/conf.d/default.conf') },
    { title: 'a file that is read before it', files: files(site(''), '/etc/nginx/conf.d/app.conf') },
    { title: 'the default server', files: files(site('', '80 default_server')) },
    { title: 'another port', files: files(site('server_name localhost;', '8080')) },
    { title: 'a name of its own', files: files(site('server_name example.org;')) },
    {
      title: 'a directory in place of the whole one',
      files: {
        'compose.yaml': compose(SITE).replace(`./site.conf:${SITE}`, './sites:/etc/nginx/conf.d'),
        'sites/site.conf': site('server_name localhost;'),
        'pages/index.html': '<p>Here</p>\n',
      },
    },
    {
      title: 'an image that removes it',
      files: {
        Dockerfile: conf`
          FROM nginx:1.27
          RUN rm /etc/nginx/conf.d/default.conf
          COPY site.conf /etc/nginx/conf.d/
          COPY pages /srv/pages
        `,
        'site.conf': site('server_name _;'),
        'pages/index.html': '<p>Here</p>\n',
      },
    },
    {
      title: 'a script that may remove it',
      files: {
        ...files(site('server_name localhost;')),
        'compose.yaml': compose(SITE, 'command: /start.sh'),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      // What nginx refuses answers nothing.
      if (configuration.problems.some(({ fatal }) => fatal) || !configuration.sources.some(isStandIn))
        continue
      for (const server of httpServers(configuration)) {
        if (isStandIn(server.source)) continue
        const lost = lostTo(configuration, server)
        if (lost === null) continue
        const brought = broughtBy(deployment, configuration, server)
        const ofAlpine = /\/http\.d\/default\.conf$/.test(lost.to.path)
        yield {
          at: lost.at,
          ...(!lost.whole && { severity: 'warning' as const }),
          message: ofAlpine
            ? `the nginx of Alpine has a site of its own, \`http.d/default.conf\`, which is the default server and answers all requests on ${lost.where} with 404`
            : `the image of nginx has a site of its own, which is read before this one and answers ${lost.whole ? `all requests on ${lost.where}` : 'requests for `localhost`'} with its welcome page`,
          label: lost.whole ? 'never asked' : 'answered by the site of the image',
          related:
            brought === null
              ? []
              : [
                  {
                    at: brought,
                    message: `leaves \`${ofAlpine ? 'http.d' : 'conf.d'}/default.conf\` there`,
                  },
                ],
        }
      }
    }
  },
})

/** Which of a server's requests go to the site of the image; null where none do. */
function lostTo(
  configuration: NginxConfiguration,
  server: NginxDirective,
): { readonly at: Place; readonly where: string; readonly whole: boolean; readonly to: Source } | null {
  const names = serverNames(configuration, server)
  const lost = nameConflicts(configuration).find(
    ({ server: ignored, keptServer }) => ignored === server && isStandIn(keptServer.source),
  )
  const [first] = names
  const isNameless = names.every(({ text }) => /^_*$/.test(text) || text === lost?.ignored.text)
  for (const { socket } of socketsOf(configuration, server)) {
    const { defaultServer } = socket
    if (!isNameless || !defaultServer.known || !isStandIn(defaultServer.value.server.source)) continue
    // Two default servers nginx refuses, and of Debian's package `nginx/stock-site-answers` speaks.
    const to = defaultServer.value.server.source
    if (isDefaultServer(server) || isOfPackage(to, 'sites-available')) continue
    const where = formatEndpoint({ address: socket.address, port: socket.port })
    return { at: first?.at ?? namePlace(server), where, whole: true, to }
  }
  return lost === undefined || isOfPackage(lost.keptServer.source, '(?:sites-available|http\\.d)')
    ? null
    : { at: lost.ignored.at, where: '', whole: false, to: lost.keptServer.source }
}

function isOfPackage({ path }: Source, directory: string): boolean {
  return new RegExp(`/etc/nginx/${directory}/[^/]*$`).test(path)
}

function isDefaultServer({ children }: NginxDirective): boolean {
  return (children ?? []).some(
    ({ name, args }) => name === 'listen' && args.some(({ value }) => /^default(?:_server)?$/.test(value)),
  )
}

/** What puts the file of a server into its container. */
function broughtBy(
  deployment: Deployment,
  configuration: NginxConfiguration,
  { source }: NginxDirective,
): Place | null {
  const { container } = deployment.programOf(configuration).machine
  const mount = container?.mounts.find(each => placesIn({ mounts: [each] }, source.path).length > 0)
  return mount?.at ?? null
}
