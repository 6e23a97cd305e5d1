import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { proxiedServer } from '../_examples.ts'

const tree = (
  properties: string,
  { name = 'application.properties', unit = '' } = {},
): Record<string, string> => ({
  'etc/nginx/conf.d/archive.conf': proxiedServer('client_max_body_size 60m;', '127.0.0.1:8085'),
  'etc/systemd/system/archive.service': conf`
    [Service]
    User=archive
    WorkingDirectory=/opt/archive
    ${unit}
    ExecStart=/usr/bin/java -jar /opt/archive/archive.jar
  `,
  [`opt/archive/${name}`]: properties,
})
const PORT = 'server.port=8085\nserver.address=127.0.0.1\n'
const built = (yaml: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      api:
        build: ./api
        ports: ["8080:8080"]
  `,
  'api/Dockerfile': conf`
    FROM eclipse-temurin:21-jre
    COPY target/api.jar /api.jar
    ENTRYPOINT ["java", "-jar", "/api.jar"]
  `,
  'api/pom.xml': '<artifactId>spring-boot-starter-web</artifactId>\n',
  'api/src/main/resources/application.yml': yaml,
})

export default defineRule({
  summary: 'A file may be larger than the whole request of Spring Boot',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`max-file-size` holds for one file, and `max-request-size` for all of the request, 10 MB where nothing sets it. Where only the first is raised, files above 10 MB are refused as before: `MaxUploadSizeExceededException: Maximum upload size exceeded`, `SizeLimitExceededException: the request was rejected because its size exceeds the configured maximum (10485760)`.',
  remedy: 'Set `spring.servlet.multipart.max-request-size` a little above `max-file-size`',
  references: [
    'https://docs.spring.io/spring-boot/how-to/spring-mvc.html#howto.spring-mvc.multipart-file-uploads',
    'https://docs.spring.io/spring-boot/appendix/application-properties/index.html#application-properties.web.spring.servlet.multipart.max-request-size',
  ],
  unproven: 'The live tests have no Spring Boot',
  bad: [
    {
      title: 'the limit of one file alone',
      files: tree(`${PORT}spring.servlet.multipart.max-file-size=«50MB»\n`),
    },
    {
      title: 'a request that is smaller',
      files: tree(
        `${PORT}spring.servlet.multipart.max-file-size=«50MB»\nspring.servlet.multipart.max-request-size=20MB\n`,
      ),
    },
    {
      title: 'the blocks of YAML, in an image',
      files: built(conf`
        server:
          port: 8080
        spring:
          servlet:
            multipart:
              enabled: true
              max-file-size: «100MB»
      `),
    },
  ],
  good: [
    {
      title: 'both',
      files: tree(
        `${PORT}spring.servlet.multipart.max-file-size=50MB\nspring.servlet.multipart.max-request-size=60MB\n`,
      ),
    },
    {
      title: 'not more than a request may have',
      files: tree(`${PORT}spring.servlet.multipart.max-file-size=10MB\n`),
    },
    {
      title: 'a request without a limit',
      files: tree(
        `${PORT}spring.servlet.multipart.max-file-size=50MB\nspring.servlet.multipart.max-request-size=-1\n`,
      ),
    },
    {
      title: 'the environment has the other one',
      files: tree(`${PORT}spring.servlet.multipart.max-file-size=50MB\n`, {
        unit: 'Environment=SPRING_SERVLET_MULTIPART_MAXREQUESTSIZE=60MB',
      }),
    },
    {
      title: 'the environment may have the other one',
      files: tree(`${PORT}spring.servlet.multipart.max-file-size=50MB\n`, {
        unit: 'EnvironmentFile=/etc/default/archive',
      }),
    },
    {
      title: 'another profile has the other one',
      files: {
        ...built(conf`
          server:
            port: 8080
          spring:
            servlet:
              multipart:
                max-file-size: 100MB
        `),
        'api/src/main/resources/application-prod.yml': conf`
          spring:
            servlet:
              multipart:
                max-request-size: 100MB
        `,
      },
    },
    {
      title: 'the block of YAML with both, as Spring Boot 1 called it',
      files: built(conf`
        server:
          port: 8080
        spring.http.multipart:
          max-file-size: 100MB
          max-request-size: 100MB
      `),
    },
  ],
  *check(deployment) {
    for (const { server } of programsOfKind(deployment, 'app-server')) {
      if (server.program !== 'spring') continue
      const file = server.settings.get('max-file-size')
      const request = server.settings.get('max-request-size')
      if (file?.known !== true || typeof file.value !== 'number' || file.at === null) continue
      if (request !== undefined && (!request.known || typeof request.value !== 'number')) continue
      const most = request === undefined ? DEFAULT : Number(request.value)
      if (file.value <= most || file.value === Infinity) continue
      const megabytes = Math.floor(most / 1024 ** 2)
      yield {
        at: file.at,
        message:
          request === undefined
            ? '`max-request-size` is not set, so requests above 10 MB are refused, with files that are allowed here'
            : `\`max-request-size\` is ${megabytes} MB, so requests above it are refused, with files that are allowed here`,
        label: 'more than a request may have',
        related: request?.at == null ? [] : [{ at: request.at, message: 'the whole request' }],
      }
    }
  },
})

/** https://docs.spring.io/spring-boot/api/java/org/springframework/boot/autoconfigure/web/servlet/MultipartProperties.html */
const DEFAULT = 10 * 1024 ** 2
