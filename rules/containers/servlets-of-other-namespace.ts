import { posix } from 'node:path'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everyFileBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { baseOf, type BuiltFile, builtFiles, chainOf } from './_stages.ts'

const tree = (
  base: string,
  {
    servlet = 'javax',
    pom = '',
    copy = 'COPY --from=build /src/target/shop.war /usr/local/tomcat/webapps/ROOT.war',
  } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      shop:
        build: .
        ports: ["8080:8080"]
  `,
  Dockerfile: conf`
    FROM maven:3.9-eclipse-temurin-21 AS build
    WORKDIR /src
    COPY . .
    RUN mvn -B package
    FROM ${base}
    ${copy}
  `,
  'pom.xml': conf`
    <project>
      <packaging>war</packaging>
      ${pom}
    </project>
  `,
  ...(servlet !== '' && {
    'src/main/java/org/example/SearchServlet.java': conf`
      package org.example;

      import ${servlet}.servlet.annotation.WebServlet;
      import ${servlet}.servlet.http.HttpServlet;

      @WebServlet("/search")
      public class SearchServlet extends HttpServlet {
      }
    `,
  }),
})
const boot = (version: string): string => conf`
  <parent>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-starter-parent</artifactId>
    <version>${version}</version>
  </parent>
`
const JBOSS = {
  copy: 'COPY --from=build /src/target/shop.war /opt/jboss/wildfly/standalone/deployments/',
}

export default defineRule({
  summary: 'The servlets of an application are of another namespace than those of its server',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'With Jakarta EE 9 the packages `javax.servlet` became `jakarta.servlet`. Tomcat 10, Jetty 11 and WildFly 27 know the new ones alone, and Tomcat 9, Jetty 10 and WildFly 26 the old ones. A server does not see the servlets, filters and initializers of the other namespace: the application is deployed and each of its URLs answers 404, or it fails with `ClassNotFoundException: javax.servlet.http.HttpServlet`. Spring Boot 2 has the old namespace, and Spring Boot 3 the new one.',
  remedy:
    'Take the release of the server that has the namespace of the application, such as `tomcat:9.0` for `javax.servlet`, or migrate the application',
  references: [
    'https://tomcat.apache.org/migration-10.html#Specification_APIs',
    'https://tomcat.apache.org/download-migration.cgi',
    'https://docs.spring.io/spring-boot/system-requirements.html#getting-started.system-requirements.servlet-containers',
  ],
  unproven: 'The live tests build no images',
  bad: [
    { title: 'Tomcat 10', files: tree('«tomcat:10.1-jdk21-temurin»') },
    { title: 'Tomcat 9 with the new namespace', files: tree('«tomcat:9-jdk17»', { servlet: 'jakarta' }) },
    { title: 'Spring Boot 2 in Tomcat 10', files: tree('«tomcat:10»', { servlet: '', pom: boot('2.7.18') }) },
    { title: 'Spring Boot 3 in Tomcat 9', files: tree('«tomcat:9.0»', { servlet: '', pom: boot('3.3.1') }) },
    {
      title: 'Jetty 11',
      files: tree('«jetty:11-jdk17»', {
        copy: 'COPY --from=build /src/target/shop.war /var/lib/jetty/webapps/ROOT.war',
      }),
    },
    { title: 'WildFly 30', files: tree('«quay.io/wildfly/wildfly:30.0.1.Final-jdk17»', JBOSS) },
    {
      title: 'an archive that was built outside, and the directory of an exploded one',
      files: tree('«docker.io/library/tomcat:11»', {
        copy: 'COPY target/shop/ /usr/local/tomcat/webapps/ROOT/',
      }),
    },
  ],
  good: [
    { title: 'Tomcat 9', files: tree('tomcat:9.0-jdk17-temurin') },
    { title: 'Tomcat 10 with the new namespace', files: tree('tomcat:10.1', { servlet: 'jakarta' }) },
    { title: 'Spring Boot 3 in Tomcat 10', files: tree('tomcat:10', { servlet: '', pom: boot('3.3.1') }) },
    { title: 'a release that nobody says', files: tree('tomcat:jdk17') },
    {
      title: 'Jetty 12, which has both',
      files: tree('jetty:12', { copy: 'COPY target/shop.war /var/lib/jetty/webapps/' }),
    },
    {
      title: 'the directory whose archives Tomcat migrates',
      files: tree('tomcat:10', { copy: 'COPY target/shop.war /usr/local/tomcat/webapps-javaee/ROOT.war' }),
    },
    {
      title: 'an archive that is migrated while the image is built',
      files: tree('tomcat:10', {
        copy: conf`
          COPY target/shop.war /tmp/shop.war
          RUN java -jar /opt/jakartaee-migration.jar /tmp/shop.war /usr/local/tomcat/webapps/ROOT.war
        `,
      }),
    },
    {
      title: 'a plugin that migrates',
      files: tree('tomcat:10', { pom: '<artifactId>transformer-maven-plugin</artifactId>' }),
    },
    {
      title: 'both namespaces',
      files: {
        ...tree('tomcat:10'),
        'src/main/java/org/example/NewServlet.java': 'import jakarta.servlet.http.HttpServlet;\n',
      },
    },
    {
      title: 'no archive of the project',
      files: tree('tomcat:10', { copy: 'COPY conf/server.xml /usr/local/tomcat/conf/' }),
    },
  ],
  *check(deployment) {
    for (const file of builtFiles(deployment)) {
      const stage = file.dockerfile.stages.at(-1)
      const chain = stage === undefined ? [] : chainOf(file.dockerfile, stage)
      const base = stage === undefined ? null : baseOf(file.dockerfile, stage)
      const server = base === null ? null : serverOf(base)
      const at = chain.at(-1)?.image.at ?? null
      if (server === null || at === null) continue
      const isMigrated = file.dockerfile.stages.some(({ runs }) =>
        runs.some(({ command }) => /migrat|transform|jakarta/i.test(commandText(command))),
      )
      const isDeployed = chain.some(({ copies }) =>
        copies.some(({ target }) => target.known && DEPLOYED.test(target.value)),
      )
      const used = isMigrated || !isDeployed ? null : namespaceOf(file)
      if (used === null || used.name === server.namespace) continue
      yield {
        at,
        message: `${server.name} has \`${server.namespace}.servlet\`, and the application \`${used.name}.servlet\`: the server does not find its servlets, 404`,
        label: `\`${server.namespace}.servlet\``,
        related: [{ at: used.at, message: used.why }],
      }
    }
  },
})

type Namespace = 'javax' | 'jakarta'

const DEPLOYED = /\/(?:webapps|deployments)(?:\/|$)/

interface Server {
  readonly name: string
  readonly namespace: Namespace
}

/** The first release of each server that has the new namespace, and the first that has both of them. */
const SERVERS: readonly (readonly [image: RegExp, name: string, first: number, both: number])[] = [
  [/^tomcat:(\d+)(?=[.-]|$)/, 'Tomcat', 10, Infinity],
  [/^jetty:(\d+)(?=[.-]|$)/, 'Jetty', 11, 12],
  [/^(?:quay\.io\/wildfly|jboss)\/wildfly:(\d+)(?=[.-]|$)/, 'WildFly', 27, Infinity],
  [/^payara\/server-(?:full|web):(\d+)(?=[.-]|$)/, 'Payara', 6, Infinity],
]

function serverOf(base: string): Server | null {
  for (const [image, name, first, both] of SERVERS) {
    const release = image.exec(base)?.[1]
    // Before the fourth digit of a year begins: releases of Payara 5 are called so.
    if (release === undefined || Number(release) >= Math.min(both, 1000)) continue
    return { name: `${name} ${release}`, namespace: Number(release) >= first ? 'jakarta' : 'javax' }
  }
  return null
}

interface Used {
  readonly name: Namespace
  readonly at: Place
  readonly why: string
}

const MIGRATES = /transformer|jakartaee-migration|eclipse-transformer|jakarta-migration|migrate2jakarta/i
const MOST_SOURCES = 400

/** The namespace of a project that lies where the build begins; null where it has both, or nobody knows. */
function namespaceOf({ context, source, files }: BuiltFile): Used | null {
  const home = context ?? posix.dirname(source.path)
  const builds = ['pom.xml', 'build.gradle', 'build.gradle.kts'].flatMap(
    name => sourceAt(files, posix.join(home, name)) ?? [],
  )
  const [build] = builds
  if (build === undefined || builds.length > 1 || MIGRATES.test(build.code)) return null
  const sources = everyFileBelow(files, posix.join(home, 'src/main/java'), {
    levels: 14,
    skipped: /^\./,
    most: MOST_SOURCES,
    isWanted: name => name.endsWith('.java'),
  })
  const imports = (sources ?? []).flatMap(path => importsOf(files, path))
  const [first] = imports
  if (first !== undefined) return imports.every(({ name }) => name === first.name) ? first : null
  return namespaceOfBoot(build)
}

function importsOf(files: FileSystem, path: string): readonly Used[] {
  const source = sourceAt(files, path)
  if (source === null) return []
  return [...source.code.matchAll(/^import\s+(?:static\s+)?((javax|jakarta)\.servlet)\./gm)].map(match => {
    const start = match.index + match[0].indexOf(match[1]!)
    return {
      name: match[2] === 'javax' ? 'javax' : 'jakarta',
      at: { source, start, end: start + match[1]!.length },
      why: 'imported here',
    }
  })
}

/** By the release of Spring Boot that a project of Maven stands on. */
function namespaceOfBoot(build: Place['source']): Used | null {
  const match =
    /<artifactId>\s*spring-boot-starter-parent\s*<\/artifactId>\s*<version>\s*(([123])\.\d[\w.-]*)/.exec(
      build.code,
    )
  const version = match?.[1]
  if (match === null || version === undefined || !/<packaging>\s*war\s*</.test(build.code)) return null
  const start = match.index + match[0].length - version.length
  return {
    name: match[2] === '3' ? 'jakarta' : 'javax',
    at: { source: build, start, end: start + version.length },
    why: 'the release of Spring Boot',
  }
}
