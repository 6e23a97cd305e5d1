import {
  always,
  close,
  type EngineOfItsOwn,
  INSERT,
  loop,
  NOTHING,
  openBranch,
  perhaps,
  type Step,
  turn,
} from './tag.ts'

/** `<#if tls>`, `<#list sites as site>`, `<#-- a comment -->`, `<@page name="a"/>` of FreeMarker. */
export const freeMarkerTags: EngineOfItsOwn = {
  marks: ['<#'],
  proof: /^[^#\n]*<#(?:--|(?:if|list|assign|macro|function|include|import|ftl|setting)\b)/m,
  pattern:
    /<#--(?:[^<]|<(?!#--)){0,2000}?-->|<(?<end>\/?)#(?<word>[a-z]+)\b(?<rest>(?:[^<>"'()]|"[^"\n]{0,300}"|'[^'\n]{0,300}'|\([^()\n]{0,300}\)){0,500})>|<(?<closesMacro>\/?)@(?<macro>[\w.]*)(?:[^<>"'\n]|"[^"\n]{0,300}"|'[^'\n]{0,300}'){0,500}>/g,
  stepsOf: groups => {
    const { end = '', word = '', rest = '', closesMacro = '', macro } = groups
    if (macro !== undefined) return closesMacro === '/' ? NOTHING : INSERT
    return end === '/' ? [close(word)] : opened(word, rest)
  },
  hasExpressions: true,
}

function opened(word: string, rest: string): readonly Step[] {
  switch (word) {
    case 'if':
      return [openBranch(word, rest)]
    case 'elseif':
      return [turn(rest)]
    case 'else':
      return [turn(null)]
    case 'list':
      return [loop(word)]
    case 'switch':
      return [always(word)]
    case 'case':
      return [turn(rest)]
    case 'default':
      return [turn(null)]
    case 'macro':
    case 'function':
      return [perhaps(word)]
    case 'include':
      return INSERT
    case 'assign':
    case 'global':
    case 'local': {
      const name = /^\s*([\w.]+)/.exec(rest)?.[1] ?? ''
      const step: Step = { does: 'assign', name }
      return rest.includes('=') ? [step] : [step, perhaps(word)]
    }
    default:
      return NOTHING
  }
}
