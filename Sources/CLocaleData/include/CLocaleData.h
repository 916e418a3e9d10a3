// What ICU needs to know of languages, in place of the toolchain's: see LocaleData.S.
