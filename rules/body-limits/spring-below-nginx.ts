import { posix } from 'node:path'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import type { Deployment, Machine, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everyFileBelow, sourceAt } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { proxiedServer } from '../_examples.ts'

const STARTER = '<artifactId>spring-boot-starter-web</artifactId>\n'
const LINES = { limit: 'client_max_body_size 25m;', yaml: '', image: 'build: .', java: '', build: STARTER }
const tree = (given: Partial<typeof LINES> = {}): Record<string, string> => {
  const { limit, yaml, image, java, build } = { ...LINES, ...given }
  return {
    'docker-compose.yml': conf`
      services:
        nginx:
          image: nginx:1.27
          ports: ["80:80"]
          volumes: ["./web.conf:/etc/nginx/conf.d/default.conf:ro"]
        app:
          ${image}
    `,
    Dockerfile: conf`
      FROM eclipse-temurin:21-jre
      COPY target/app.jar /app.jar
      ENTRYPOINT ["java", "-jar", "/app.jar"]
    `,
    'web.conf': proxiedServer(limit, 'app:8080'),
    'pom.xml': build,
    'src/main/resources/application.yml': conf`
      spring:
        application:
          name: claims
        ${yaml}
    `,
    'src/main/java/org/example/Uploads.java': conf`
      import org.springframework.web.multipart.MultipartFile;
      ${java}
      @RestController
      class Uploads {
          @PostMapping("/documents")
          void upload(@RequestParam("file") «MultipartFile» file) {
          }
      }
    `,
  }
}

export default defineRule({
  summary: 'Spring Boot refuses files that nginx was told to let through',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Spring Boot takes files up to 1 MB, and 10 MB for the whole request, where nothing sets it otherwise. A larger file passes nginx, for which somebody raised the limit, and the application refuses it: `MaxUploadSizeExceededException: Maximum upload size exceeded`, `FileSizeLimitExceededException: The field file exceeds its maximum permitted size of 1048576 bytes`.',
  remedy:
    'Set `spring.servlet.multipart.max-file-size` to what nginx lets through, and `max-request-size` with it',
  references: [
    'https://docs.spring.io/spring-boot/how-to/spring-mvc.html#howto.spring-mvc.multipart-file-uploads',
    'https://docs.spring.io/spring-boot/appendix/application-properties/index.html#application-properties.web.spring.servlet.multipart.max-file-size',
  ],
  unproven: 'The live tests have no Spring Boot',
  bad: [
    { title: 'nothing in the settings', files: tree() },
    {
      title: 'an image that is built elsewhere',
      files: tree({ image: 'image: registry.example.org/claims:1' }),
    },
    {
      title: 'a part of a project, whose settings are here',
      files: Object.fromEntries(Object.entries(tree()).filter(([path]) => path !== 'pom.xml')),
    },
    { title: 'Spring Boot 4', files: tree({ build: STARTER.replace('web', 'webmvc') }) },
    { title: 'no limit of nginx at all', files: tree({ limit: 'client_max_body_size 0;' }) },
    {
      title: 'another limit of Spring, of requests alone',
      files: tree({ yaml: 'servlet:\n  multipart:\n    enabled: true' }),
    },
  ],
  good: [
    {
      title: 'the limit of a file',
      files: tree({ yaml: 'servlet:\n  multipart:\n    max-file-size: 25MB' }),
    },
    { title: 'a megabyte in nginx', files: tree({ limit: 'client_max_body_size 1m;' }) },
    { title: 'nothing in nginx', files: tree({ limit: '' }) },
    {
      title: 'a variable of the container',
      files: tree({
        image: 'image: claims\nenvironment:\n  SPRING_SERVLET_MULTIPART_MAXFILESIZE: 25MB',
      }),
    },
    {
      title: 'variables of a file that is not here',
      files: tree({ image: 'build: .\nenv_file: .env.app' }),
    },
    {
      title: 'an argument',
      files: tree({ image: 'build: .\ncommand: --spring.servlet.multipart.max-file-size=25MB' }),
    },
    {
      title: 'a limit that the code sets',
      files: tree({ java: 'import jakarta.servlet.MultipartConfigElement;' }),
    },
    {
      title: 'a part of a project, without its settings',
      files: Object.fromEntries(
        Object.entries(tree()).filter(([path]) => !/pom\.xml|application/.test(path)),
      ),
    },
    { title: 'WebFlux', files: tree({ build: STARTER.replace('web', 'webflux') }) },
  ],
  *check(deployment) {
    const seen = new Set<Machine>()
    for (const connection of deployment.connections.nginx) {
      const { bodyLimit, targets } = connection
      const limit = bodyLimit.known ? bodyLimit.value : null
      const [target] = targets
      const machine = target?.machine ?? null
      const container = machine?.container ?? null
      if (limit?.directive == null || (limit.value !== 0 && limit.value <= MEGABYTE)) continue
      if (machine === null || container === null || seen.has(machine)) continue
      if (!isMeantFor(deployment, connection, limit.directive, machine)) continue
      const taken = filesTaken(container)
      if (taken === null) continue
      seen.add(machine)
      const size = limit.directive.args[0]?.value
      yield {
        at: taken,
        message: `Spring Boot refuses files above 1 MB, and nginx was told to take ${limit.value === 0 ? 'bodies of any size' : `\`${size}\``}`,
        label: '1 MB, as nothing says otherwise',
        related: [{ at: argumentPlace(limit.directive, 0), message: 'the limit of nginx' }],
      }
    }
  },
})

const MEGABYTE = 1024 ** 2

/** True for a limit of the location, or of a server that has nothing else behind it. */
function isMeantFor(
  { connections }: Deployment,
  { server }: NginxConnection,
  { context }: NginxDirective,
  machine: Machine,
): boolean {
  if (context !== 'server') return context === 'location'
  return connections.httpOf(server).every(({ targets }) => targets.every(each => each.machine === machine))
}

/** Where a controller takes a file, of a project of Spring Boot in which nothing says how large it may be. */
function filesTaken(container: Container): Place | null {
  const { service, hostFiles: files, image } = container
  const { variables, complete } = serviceVariables(service, files)
  const isOfBuild = (image?.environment ?? []).some(({ name }) => TOLD.test(name))
  if (!complete || isOfBuild || variables.some(({ name }) => TOLD.test(name))) return null
  if (service.command?.words.some(({ text }) => /multipart|spring\.config/.test(text)) === true) return null
  const context = service.build?.context ?? null
  const home = context === null ? posix.dirname(service.at.source.path) : context.known ? context.value : null
  if (home === null || !home.startsWith('/')) return null
  const build = ['pom.xml', 'build.gradle', 'build.gradle.kts'].flatMap(
    name => sourceAt(files, posix.join(home, name)) ?? [],
  )
  // Settings that come from a server of their own.
  if (build.some(({ code }) => /spring-cloud-\S*config|nacos|apollo-client/.test(code))) return null
  if (build.length > 0 && !build.some(({ code }) => WEB.test(code))) return null
  const sources = everyFileBelow(files, posix.join(home, 'src/main'), {
    ...{ levels: 14, skipped: /^(?:\.|static$|templates$|webapp$|node_modules$)/, most: MOST_FILES },
    isWanted: name => /\.(?:java|kt)$|^(?:application|bootstrap).*\.(?:ya?ml|properties)$/.test(name),
  })?.flatMap(path => sourceAt(files, path) ?? [])
  if (sources === undefined || sources.some(({ code }) => SETS.test(code))) return null
  // Of a part of a project the settings have to be there, which may say it.
  const isPart = build.length === 0
  if (isPart && !sources.some(({ path }) => /\.(?:ya?ml|properties)$/.test(path))) return null
  if (isPart && !sources.some(({ code }) => IMPORTS.test(code))) return null
  return sources.map(placeOfFile).find(at => at !== null) ?? null
}

const MOST_FILES = 400
/** The package of Spring MVC, which Spring Boot 4 calls otherwise, by its name or that of a catalogue of Gradle. */
const WEB = /\bspring[-.]boot[-.]starter[-.]web(?:mvc)?(?![\w.-])/
const IMPORTS = /^import\s+org\.springframework\.web\.multipart\.(?:MultipartFile|\*)/m
const TOLD =
  /^SPRING_(?:SERVLET_|HTTP_)?MULTIPART|^SPRING_(?:APPLICATION_JSON|CONFIG_)|^JAVA_(?:TOOL_)?OPTIONS$|^JAVA_OPTS$/
const SETS =
  /max-?file-?size|max-?request-?size|MultipartConfig|MultipartResolver|setMaxUploadSize|spring\.?config|config:\s*\n?\s*import|cloud:/i

/** A parameter of a method of Java or Kotlin. */
function placeOfFile(source: Source): Place | null {
  const match = /@(?:RequestParam|RequestPart)\b[^;{]{0,120}?\b(MultipartFile)\b/.exec(source.code)
  if (match === null) return null
  const end = match.index + match[0].length
  return { source, start: end - match[1]!.length, end }
}
