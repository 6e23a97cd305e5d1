import { posix } from 'node:path'
import { stepText } from '../../parsers/dockerfile/command-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { sourceAt } from '../../src/files/file-system.ts'

/** Where uWSGI is one of many packages of a system: that of Alpine, Debian and Fedora has Python as a plugin. */
const OF_SYSTEM =
  /\b(?:apk|apt|apt-get|dnf|microdnf|yum)\b[^;&|]*\b(?:add|install)\b[^;&|]*\suwsgi(?=[\s\\]|-core|-python|-plugin|$)/

/** What may bring a uWSGI with Python built in, or what nobody here reads. */
const OF_PYTHON =
  /\bpip[\d.]*\s[^;&|]*\buwsgi\b|\b(?:poetry|pipenv|pdm|conda|mamba|pipx|easy_install|make|uv\s+sync)\b|\.sh\b|\bgcc\b[^;&|]*uwsgi|uwsgi[\w.-]*\.(?:tar|zip)|\bpip[\d.]*\s+install\s+(?:-\S+\s+)*\.(?=\s|$)/i

/** True for an image whose uWSGI is surely that of the packages of its distribution. */
export function hasPackagedUwsgi({ image, hostFiles, service }: Container): boolean {
  if (image === null) return false
  const texts = image.steps.flatMap(step => ('sources' in step ? [] : [stepText(step.command)]))
  if (!texts.some(text => OF_SYSTEM.test(text)) || texts.some(text => OF_PYTHON.test(text))) return false
  if (image.steps.some(step => 'sources' in step && step.from !== null)) return false
  const context =
    service.build?.context.known === true
      ? service.build.context.value
      : posix.dirname(image.stage.at.source.path)
  return texts
    .flatMap(text => [...text.matchAll(/\s(?:-r|--requirement)[\s=]*(\S+)/g)].map(([, path = '']) => path))
    .every(path => {
      const found = [path, posix.basename(path)].flatMap(
        each => sourceAt(hostFiles, posix.join(context, each)) ?? [],
      )
      return found.length > 0 && !found.some(({ code }) => /^[ \t]*(?:uwsgi|-r)\b/im.test(code))
    })
}
