import { close, type EngineOfItsOwn, loop, openBranch, turn } from './tag.ts'

/**
 * `%{ if tls ~}`, `%{ for site in sites ~}`: directives of Terraform's templates. Apache has no blank behind `%{`.
 * @see https://developer.hashicorp.com/terraform/language/expressions/strings#directives
 */
export const terraformTags: EngineOfItsOwn = {
  marks: ['if', 'for'].flatMap(word => ['%{', '%{ ', '%{~', '%{~ '].map(opening => opening + word)),
  proof: /^[^#\n]*(?<!%)%\{~?[ \t]*(?:if[ \t!(]|for[ \t]+\w+(?:[ \t]*,[ \t]*\w+)?[ \t]+in[ \t])/m,
  pattern:
    /(?<!%)%\{~?\s{0,20}(?<word>if|else|endif|for|endfor)\b(?<rest>(?:[^{}"~]|"(?:[^"\\\n]|\\.){0,300}"|\{[^{}]{0,300}\}|~(?!\})){0,500})~?\}/g,
  stepsOf: ({ word, rest = '' }) => {
    switch (word) {
      case 'if':
        return [openBranch('if', rest)]
      case 'else':
        return [turn(null)]
      case 'for':
        return [loop('for')]
      default:
        return [close(word === 'endif' ? 'if' : 'for')]
    }
  },
  hasExpressions: true,
}
