; Backhaul's installer for one person: no rights needed, silent with /S. Rendered by shipping/installer.py, which puts in
; what stands in braces; what the agent itself can do (tasks, stopping) is asked of the agent.
Unicode true
Target amd64-unicode
SetCompressor {compressor}
SetDateSave off
RequestExecutionLevel user
Name "Backhaul"
OutFile "{target}"
InstallDir "$LOCALAPPDATA\Programs\Backhaul"
ShowInstDetails nevershow
ShowUninstDetails nevershow
BrandingText "Backhaul {version}"
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Backhaul"
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

!macro LEAVE WORDS
  IfFileExists "$INSTDIR\backhaulw.exe" 0 +2
    ExecWait '"$INSTDIR\backhaulw.exe" leave ${{WORDS}}'
!macroend

!macro CLEAR
  RMDir /r "$INSTDIR\app"
  RMDir /r "$INSTDIR\lib"
  RMDir /r "$INSTDIR\licenses"
  RMDir /r "$INSTDIR\python"
!macroend

Section
  !insertmacro LEAVE ""
  !insertmacro CLEAR
{files}
  WriteUninstaller "$INSTDIR\uninstall.exe"
  SetOutPath "$INSTDIR"
  CreateShortCut "$SMPROGRAMS\Backhaul.lnk" "$INSTDIR\{set_up}"
  WriteRegStr HKCU "${{KEY}}" "DisplayName" "Backhaul"
  WriteRegStr HKCU "${{KEY}}" "DisplayVersion" "{version}"
  WriteRegStr HKCU "${{KEY}}" "Publisher" "Backhaul"
  WriteRegStr HKCU "${{KEY}}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${{KEY}}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${{KEY}}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${{KEY}}" "NoModify" 1
  WriteRegDWORD HKCU "${{KEY}}" "NoRepair" 1
SectionEnd

Function .onInstSuccess
  IfSilent +2
    Exec '"$INSTDIR\{set_up}"'
FunctionEnd

Section Uninstall
  !insertmacro LEAVE "--for-good"
  !insertmacro CLEAR
{deletes}
  Delete "$INSTDIR\uninstall.exe"
  SetOutPath "$TEMP"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\Backhaul.lnk"
  DeleteRegKey HKCU "${{KEY}}"
SectionEnd
