import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

/** A proxy that is built with an argument, and its Dockerfile. */
const tree = (args: string, lines: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      proxy:
        build:
          context: ./proxy
          ${args}
        ports: ["80:80"]
  `,
  'proxy/Dockerfile': conf`
    FROM nginx:1.27
    ${lines}
  `,
  'proxy/site.conf': conf`
    server {
        listen 80;
        root /usr/share/nginx/html;
    }
  `,
})

const CONFIGURABLE = conf`
  ARG SITE_CONF=site.conf
  COPY $SITE_CONF /etc/nginx/conf.d/default.conf
`

export default defineRule({
  summary: 'A build gets an argument that its Dockerfile does not declare',
  severity: 'info',
  otherSeverities: {
    warning: 'where the Dockerfile has an `ARG` of nearly the same name, which nothing sets',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker takes the arguments that an `ARG` of the Dockerfile declares, and drops every other one. BuildKit says nothing of it, the builder before it warned: `One or more build-args [site] were not consumed`. The image is built with the default, as if nothing had been said.',
  remedy: 'Give the argument the name that `ARG` has, or declare it in the Dockerfile',
  references: [
    'https://docs.docker.com/reference/dockerfile/#arg',
    'https://docs.docker.com/reference/compose-file/build/#args',
  ],
  unproven: 'The live tests build no images',
  bad: [
    {
      title: 'an argument by a part of its name',
      files: tree(
        conf`
          args:
            «site: site.conf.dist»
        `,
        CONFIGURABLE,
      ),
    },
    {
      title: 'a slip in a list',
      files: tree(
        conf`
          args:
            - «SITE_CNOF=site.conf.dist»
        `,
        CONFIGURABLE,
      ),
    },
    {
      title: 'an argument with the name of the service in front, of an image of a release that is told',
      files: {
        ...tree(
          conf`
            args:
              «PROXY_SITE_CONF: site.conf.dist»
          `,
          '',
        ),
        'proxy/Dockerfile': conf`
          ARG RELEASE=1.27
          FROM nginx:$RELEASE
          ${CONFIGURABLE}
        `,
      },
    },
    {
      title: 'an argument of a Dockerfile that has none',
      files: tree(
        conf`
          args:
            «APP_ENV: production»
        `,
        'COPY site.conf /etc/nginx/conf.d/default.conf',
      ),
    },
  ],
  good: [
    {
      title: 'the name of the `ARG`',
      files: tree(
        conf`
          args:
            SITE_CONF: site.conf
        `,
        CONFIGURABLE,
      ),
    },
    {
      title: 'arguments that Docker knows by itself',
      files: tree(
        conf`
          args:
            HTTP_PROXY: http://proxy.example.org:3128
            BUILDKIT_INLINE_CACHE: 1
        `,
        CONFIGURABLE,
      ),
    },
    {
      title: 'an argument of another stage, and of the lines above the first',
      files: {
        ...tree(
          conf`
            args:
              NODE: 22
              API: https://example.org/api
          `,
          '',
        ),
        'proxy/Dockerfile': conf`
          ARG NODE=20
          FROM node:$NODE AS build
          ARG API
          RUN npm run build
          FROM nginx:1.27
          COPY --from=build /app/dist /usr/share/nginx/html
        `,
      },
    },
    {
      title: 'an argument that nothing is called like, of an image that nobody knows',
      files: {
        ...tree(
          conf`
            args:
              LOCALES: de
          `,
          '',
        ),
        'proxy/Dockerfile': conf`
          ARG BASE
          FROM $BASE
          ${CONFIGURABLE}
        `,
      },
    },
    {
      title: 'an image that says itself what its children are given',
      files: {
        ...tree(
          conf`
            args:
              PACKAGES: curl
          `,
          '',
        ),
        'proxy/Dockerfile': conf`
          FROM example/base:onbuild
          EXPOSE 80
        `,
      },
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      const build = container?.service.build
      if (build == null || build.args.length === 0 || container?.image == null) continue
      const { stages, stage } = container.image
      const { source } = stage.at
      if (container.fault !== null || source.branches.length > 0 || OTHER_SYNTAX.test(source.text)) continue
      // An image whose lines nobody sees may ask its children for arguments.
      if (/^FROM[^\n]*onbuild/im.test(source.text)) continue
      const areImagesKnown = stages.every(({ image }) => image.known)
      const declared = [...readDockerfile(source).globals, ...stages.flatMap(({ args }) => args)]
      const names = new Set(declared.map(({ name }) => name))
      if ([...names].some(isUnknownWord)) continue
      const given = new Set(build.args.map(({ name }) => name))
      for (const { name, at } of build.args) {
        if (names.has(name) || isUnknownWord(name) || OF_DOCKER.test(name)) continue
        // What the lines use without declaring it is another rule's, `containers/build-variable-unset`.
        if (new RegExp(`\\$\\{?${name}(?!\\w)`).test(source.code)) continue
        const meant = declared.find(each => !given.has(each.name) && isMeant(each.name, name))
        if (meant === undefined && !areImagesKnown) continue
        yield {
          at,
          ...(meant !== undefined && { severity: 'warning' as const }),
          message:
            meant === undefined
              ? `no \`ARG\` of the Dockerfile is called \`${name}\`, and Docker drops it without a word`
              : `no \`ARG\` of the Dockerfile is called \`${name}\`, and \`${meant.name}\` keeps its default`,
          label: 'dropped',
          related: [
            meant === undefined
              ? { at: stage.at, message: 'built here' }
              : { at: meant.at, message: 'the argument of the Dockerfile' },
          ],
          ...(meant !== undefined && { help: `Write \`${meant.name}\`` }),
        }
      }
    }
  },
})

/** Arguments that BuildKit has without an `ARG`, or reads itself. */
const OF_DOCKER =
  /^(?:(?:HTTPS?|FTP|NO|ALL)_PROXY|(?:https?|ftp|no|all)_proxy|BUILDKIT_\w+|SOURCE_DATE_EPOCH|(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT))$/

/** A frontend of its own, or a preprocessor, which may take any argument. */
const OTHER_SYNTAX =
  /^#[ \t]*syntax[ \t]*=[ \t]*(?!docker(?:\.io)?\/dockerfile\b)|^[ \t]*(?:ONBUILD|INCLUDE)\b/im

/** A slip, a word of the name, `conf` for `SITE_CONF`, or a name with the service in front, `PHP_SITE_CONF`. */
function isMeant(declared: string, given: string): boolean {
  const [one, other] = [declared.toLowerCase(), given.toLowerCase()]
  if (one.replaceAll(/[_-]/g, '') === other.replaceAll(/[_-]/g, '')) return true
  if (isOneSlipAway(one, other)) return true
  const [short, long] = one.length < other.length ? [one, other] : [other, one]
  if (short.includes('_') && long.endsWith(`_${short}`)) return true
  const isPart = one.split('_').includes(other) || other.split('_').includes(one)
  return isPart && ![one, other].some(word => GENERAL.test(word))
}

/** What stands in the names of many arguments, which have nothing in common but that. */
const GENERAL =
  /^(?:version|tag|image|base|env|environment|name|user|uid|gid|group|host|port|url|path|dir|build|app|mode|target|debug|key|token|node|php|python|ruby)$/
