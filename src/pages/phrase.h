/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * All that pages say, in every language: name, English, 简体中文. {1}, {2}, {3} are filled in. A
 * phrase without one of its languages does not compile. As a table, which clang-format would make
 * 200 columns wide.
 */
/* clang-format off */
#define PHRASE_LIST(X) \
	X(THIS_LANGUAGE, "English", "简体中文") \
	X(LANGUAGES, "Language", "语言") \
	X(FOOTER, "A drive for people who chat", "为聊天的人准备的网盘") \
	X(SIGN_IN, "Sign in", "登录") \
	X(SIGN_OUT, "Sign out", "退出登录") \
	X(SIGN_IN_TO, "Sign in to {1}", "登录 {1}") \
	X(SIGN_IN_WITH, "Sign in with {1}", "使用{1}登录") \
	X(LAST_USED, "Last used", "上次使用") \
	X(ASKED_BY, "{1} on {2} asks for access to your drive.", "{2} 上的 {1} 请求访问你的网盘。") \
	X(NEW_HERE, "New here? Signing in makes your account.", "第一次来？登录即会为你创建账号。") \
	X(OR, "or", "或") \
	X(CHAT_ADDRESS, "Your chat address", "你的聊天地址") \
	X(CHAT_HINT, \
	  "You confirm it in your chat program. There is no password to type.", \
	  "在你的聊天程序里确认即可，不需要输入密码。") \
	X(CONTINUE, "Continue", "继续") \
	X(LOCAL_ACCOUNT, "With an account of this drive", "使用本网盘的账号") \
	X(NAME, "Name", "用户名") \
	X(PASSWORD, "Password", "密码") \
	X(NEW_PASSWORD, "New password", "新密码") \
	X(CHOOSE_ACCOUNT, "With a name and a password", "使用用户名和密码") \
	X(CREATE_ACCOUNT, "Create account", "创建账号") \
	X(WRONG_PASSWORD, "The name or the password is wrong. Try again.", "用户名或密码不正确，请重试。") \
	X(NAME_TAKEN, \
	  "This name is taken or cannot be used. Choose another.", \
	  "此用户名已被使用或不可用，请换一个。") \
	X(BAD_PASSWORD, \
	  "This password cannot be used: choose 8 characters or more.", \
	  "此密码不可用：请至少使用 8 个字符。") \
	X(BAD_ADDRESS, \
	  "This is no chat address that can be asked. It looks like " \
	  "alice@example.org.", \
	  "这不是可以询问的聊天地址。地址形如 alice@example.org。") \
	X(FOREIGN_ADDRESS, \
	  "This drive takes no chat addresses of that server. Use an address of " \
	  "another one, or another way to sign in.", \
	  "本网盘不接受该服务器的聊天地址。请使用其他服务器的地址，或用其他方式登录。") \
	X(INVITED, "You are invited to {1}", "你受邀加入 {1}") \
	X(INVITED_TEXT, "Sign in once, and your account is there.", "登录一次，账号就建好了。") \
	X(FIRST_ADMIN, "Welcome to your new drive", "欢迎使用你的新网盘") \
	X(FIRST_ADMIN_TEXT, \
	  "You are the first here. Sign in, and you are its administrator.", \
	  "你是这里的第一位用户。登录后你就是管理员。") \
	X(REAUTH, "Is it you, {1}?", "{1}，请确认是你本人") \
	X(REAUTH_TEXT, \
	  "You are about to change who can enter your account. Sign in once more " \
	  "first.", \
	  "你将要更改谁可以进入你的账号，请先再次登录。") \
	X(NO_WAY_IN, \
	  "No way to sign in is set up here yet. The operator of this drive can do " \
	  "that.", \
	  "这里还没有设置任何登录方式，请联系网盘的管理员。") \
	X(CHAT_ASK, "Answer in your chat", "请在聊天中回复") \
	X(CHAT_ASK_TEXT, \
	  "We have written to {1}. Answer there with this number:", \
	  "我们已向 {1} 发送消息，请在那里回复这个数字：") \
	X(CHAT_ASK_SAFE, \
	  "Never tell the number to anybody who asks you for it.", \
	  "不要把这个数字告诉任何向你索要的人。") \
	X(CHAT_SEND, "Send this code to the drive", "把此验证码发送给网盘") \
	X(CHAT_SEND_TEXT, "Send it as a message from {1} to {2}:", "用 {1} 向 {2} 发送这条消息：") \
	X(CHAT_OPEN, "Open my chat program", "打开我的聊天程序") \
	X(CHAT_QR, \
	  "Or scan this with the phone that has your chat program.", \
	  "或者用装有聊天程序的手机扫描。") \
	X(CHAT_QR_LABEL, \
	  "QR code that opens your chat program with the code in it", \
	  "打开聊天程序并填入验证码的二维码") \
	X(CHAT_WAITING, "Waiting for your message …", "正在等待你的消息……") \
	X(CHAT_WAITING_ANSWER, "Waiting for your answer …", "正在等待你的回复……") \
	X(CHAT_LOST, "The drive does not answer. Trying again …", "网盘没有响应，正在重试……") \
	X(CHAT_CHECK, "I have done it", "我已完成") \
	X(CANCEL, "Cancel", "取消") \
	X(CONTINUE_AS, "Continue as {1}", "以 {1} 的身份继续") \
	X(PROVED, "You have shown that {1} is yours.", "你已证明 {1} 属于你。") \
	X(NOT_ME, "That is not me", "这不是我") \
	X(CONSENT, "Connect {1}?", "连接 {1}？") \
	X(CONSENT_TEXT, "You are signed in to {1} as {2}.", "你已以 {2} 的身份登录 {1}。") \
	X(OTHER_ACCOUNT, "Use another account", "使用其他账号") \
	X(WHO_ASKS, "Program", "程序") \
	X(ON_DEVICE, "Device", "设备") \
	X(FROM, "From", "来自") \
	X(WHEN, "When", "时间") \
	X(GETS, "It may", "它可以") \
	X(MAY_READ, "see your files", "查看你的文件") \
	X(MAY_READ_WRITE, "see and change your files", "查看和修改你的文件") \
	X(GOES_TO, "Then on to", "随后前往") \
	X(DEVICE_CONNECT, "Connect a device", "连接设备") \
	X(DEVICE_CODE, "Code that the device shows", "设备上显示的代码") \
	X(DEVICE_CODE_HINT, "Eight letters, like BCDF-GHJK.", "八个字母，形如 BCDF-GHJK。") \
	X(DEVICE_CODE_WRONG, \
	  "No device is waiting with this code. Compare it with the device; a code is " \
	  "good for ten minutes.", \
	  "没有设备在等待此代码。请与设备上的核对；代码的有效期为十分钟。") \
	X(DEVICE_ASKS, "Does this device show {1}?", "这台设备上显示的是 {1} 吗？") \
	X(DEVICE_CARE, \
	  "Only go on if you started this yourself, on a device before you. Whoever " \
	  "sent you this code or link would get your files.", \
	  "只有当你自己在面前的设备上发起了请求时才继续。如果是别人发给你的代码或链接，他将得到你的文件。") \
	X(ALLOW, "Allow as {1}", "以 {1} 的身份允许") \
	X(REFUSE, "Do not allow", "不允许") \
	X(UNKNOWN, "unknown", "未知") \
	X(ACCOUNT, "Your account", "你的账号") \
	X(ACCOUNT_OF, "{1} on {2}", "{1} · {2}") \
	X(ADMINISTRATOR, "Administrator", "管理员") \
	X(WELCOME_NEW, "Welcome, {1}. Your account is new and ready.", "欢迎，{1}。你的新账号已准备就绪。") \
	X(WELCOME_BACK, "Welcome back, {1}.", "欢迎回来，{1}。") \
	X(GET_STARTED, "Put a folder of yours into the drive", "把你的文件夹放进网盘") \
	X(GET_STARTED_TEXT, \
	  "On a computer with imdrive, run these two lines:", \
	  "在装有 imdrive 的电脑上运行这两行：") \
	X(DEVICES, "Devices", "设备") \
	X(NO_DEVICES, "No device is connected yet.", "还没有连接任何设备。") \
	X(SESSIONS, "Browsers", "浏览器") \
	X(THIS_BROWSER, "this one", "当前") \
	X(IDENTITIES, "Ways to sign in", "登录方式") \
	X(NO_IDENTITIES, "No chat account is connected.", "没有关联任何聊天账号。") \
	X(LINK, "Connect {1}", "关联{1}") \
	X(LINK_CHAT, "Connect a chat address", "关联聊天地址") \
	X(LINK_CHAT_TEXT, \
	  "Type the chat address that shall open your account too.", \
	  "输入也可以进入你账号的聊天地址。") \
	X(LINK_ON, "You go on to {1}, and come back here then.", "你将前往{1}，随后回到这里。") \
	X(SERVER_OF, "Your server on {1}", "你的{1}服务器") \
	X(UNLINK, "Remove", "移除") \
	X(UNLINK_LABEL, "Remove {1} as a way to sign in", "移除登录方式 {1}") \
	X(UNLINK_TEXT, \
	  "Removing one signs out all devices and the other browsers.", \
	  "移除登录方式会让所有设备和其他浏览器退出登录。") \
	X(LAST_WAY, "the only way in", "唯一的登录方式") \
	X(REVOKE, "Disconnect", "断开") \
	X(REVOKE_LABEL, "Disconnect {1}", "断开 {1}") \
	X(END_SESSION_LABEL, "Sign out {1}", "让 {1} 退出登录") \
	X(END_ALL, "Sign out everywhere", "在所有地方退出登录") \
	X(END_ALL_TEXT, \
	  "Disconnects all devices and signs out all browsers, this one too.", \
	  "断开所有设备，并让所有浏览器（包括当前的）退出登录。") \
	X(SET_PASSWORD, "Password of this drive", "本网盘的密码") \
	X(HAS_PASSWORD, \
	  "You can also sign in with your name and a password.", \
	  "你也可以使用用户名和密码登录。") \
	X(HAS_NO_PASSWORD, \
	  "You need none: your chat account is enough. One of your own can help when " \
	  "the chat service is down.", \
	  "你不需要密码，聊天账号就够了。聊天服务不可用时，自己的密码会有用。") \
	X(SET_PASSWORD_TEXT, \
	  "Saving signs out all devices and the other browsers.", \
	  "保存后，所有设备和其他浏览器将退出登录。") \
	X(SAVE, "Save", "保存") \
	X(SEEN, "seen {1}", "{1}活跃") \
	X(SINCE, "since {1}", "自 {1}") \
	X(SIGNED_BY, "by {1}", "通过{1}") \
	X(BY_PASSWORD, "password", "密码") \
	X(JUST_NOW, "just now", "刚刚") \
	X(MINUTES_AGO, "{1} min ago", "{1} 分钟前") \
	X(HOURS_AGO, "{1} h ago", "{1} 小时前") \
	X(DAYS_AGO, "{1} days ago", "{1} 天前") \
	X(DONE_REVOKED, "The device is disconnected.", "设备已断开。") \
	X(DONE_ENDED, "The browser is signed out.", "该浏览器已退出登录。") \
	X(DONE_LINKED, "You can now sign in that way too.", "现在你也可以用这种方式登录。") \
	X(DONE_UNLINKED, \
	  "That way to sign in is removed. Devices and other browsers are signed out.", \
	  "该登录方式已移除，所有设备和其他浏览器均已退出登录。") \
	X(DONE_PASSWORD, \
	  "The password is set. Devices and other browsers are signed out.", \
	  "密码已设置，所有设备和其他浏览器均已退出登录。") \
	X(LINK_CONFIRM, "Connect the two?", "关联这两个账号？") \
	X(LINK_CONFIRM_TEXT, \
	  "From then on {1} opens the drive account {2}.", \
	  "此后，{1} 可以进入网盘账号 {2}。") \
	X(LINK_CHAT_ACCOUNT, "Chat account", "聊天账号") \
	X(LINK_DRIVE_ACCOUNT, "Drive account", "网盘账号") \
	X(LINK_YES, "Connect", "关联") \
	X(BACK, "Back", "返回") \
	X(TRY_AGAIN, "Try again", "重试") \
	X(TO_SIGN_IN, "To the sign-in page", "前往登录页面") \
	X(TO_ACCOUNT, "To your account", "前往你的账号") \
	X(GO_ON, "Go on", "继续") \
	X(TO_DEVICES, "See your devices", "查看你的设备") \
	X(M_CANCELLED, "Sign-in was cancelled", "登录已取消") \
	X(M_CANCELLED_TEXT, \
	  "Nothing has changed. You can try again or choose another way.", \
	  "什么都没有改变。你可以重试，或选择其他方式。") \
	X(M_EXPIRED, "This took too long", "等待时间过长") \
	X(M_EXPIRED_TEXT, \
	  "For your safety a sign-in is open for some minutes only. Start once more.", \
	  "为了安全，一次登录只保留几分钟。请重新开始。") \
	X(M_BROWSER, "This sign-in began elsewhere", "此次登录是在别处开始的") \
	X(M_BROWSER_TEXT, \
	  "It belongs to another browser, so nobody was signed in here. Go on in the " \
	  "browser where you began, or start once more in this one.", \
	  "它属于另一个浏览器，因此这里没有人登录。请回到最初的浏览器继续，或在此浏览器中重新开始。") \
	X(M_USED, "This link has done its work", "此链接已经用过") \
	X(M_USED_TEXT, \
	  "Each step of a sign-in works once. If you are signed in already, just go " \
	  "on.", \
	  "登录的每一步只能使用一次。如果你已经登录，请直接继续。") \
	X(M_CLOSED, "No new accounts here", "这里不接受新账号") \
	X(M_CLOSED_TEXT, \
	  "{1} knew you, but you have no account on this drive, and the drive takes " \
	  "no new people by itself. Ask its operator.", \
	  "{1} 认识你，但你在本网盘没有账号，而本网盘不自动接受新用户。请联系管理员。") \
	X(M_INVITE, "You need an invitation", "需要邀请") \
	X(M_INVITE_TEXT, \
	  "{1} knew you, but new people come to this drive by invitation. Ask " \
	  "somebody who runs it for a link, open it, and sign in the same way.", \
	  "{1} 认识你，但新用户需要邀请才能加入本网盘。请向管理员索取邀请链接，打开后以同样方式登录。") \
	X(M_BAD_INVITE, "This invitation does not work", "此邀请无效") \
	X(M_BAD_INVITE_TEXT, \
	  "It was used up, has expired, or the link is not complete. Ask for another.", \
	  "邀请已用完、已过期，或链接不完整。请索取新的邀请。") \
	X(M_APPROVAL, "Almost there", "即将完成") \
	X(M_APPROVAL_TEXT, \
	  "Your account waits for the operator of this drive to approve it. Sign in " \
	  "again later.", \
	  "你的账号正在等待网盘管理员批准，请稍后再登录。") \
	X(M_DISABLED, "This account is turned off", "此账号已停用") \
	X(M_DISABLED_TEXT, \
	  "The operator of this drive has turned it off. Your files are still there; " \
	  "ask the operator.", \
	  "网盘管理员已停用此账号。你的文件仍在；请联系管理员。") \
	X(M_DOWN, "{1} does not answer", "{1} 没有响应") \
	X(M_DOWN_TEXT, \
	  "The chat service cannot be reached right now. Devices that are signed in " \
	  "go on working. Try again in a moment, or sign in another way.", \
	  "暂时无法连接该聊天服务。已登录的设备不受影响。请稍后再试，或使用其他方式登录。") \
	X(M_REFUSED, "{1} did not confirm you", "{1} 没有确认你的身份") \
	X(M_REFUSED_TEXT, \
	  "Its answer could not be accepted. The operator of this drive finds the " \
	  "reason in the log. Try again, or sign in another way.", \
	  "无法接受它的答复。管理员可在日志中找到原因。请重试，或使用其他方式登录。") \
	X(M_STRANGER, "This account may not enter", "此账号不能进入") \
	X(M_STRANGER_TEXT, \
	  "{1} says that you do not belong to the group whose drive this is. Check " \
	  "which account you used there.", \
	  "{1} 表示你不属于本网盘所属的团体。请检查你在那里使用的账号。") \
	X(M_OTHER, "That was another account", "那是另一个账号") \
	X(M_OTHER_TEXT, \
	  "{1} confirmed somebody whose account this is not, so nothing was changed. " \
	  "Sign in there as yourself, then try again.", \
	  "{1} 确认的不是此账号的主人，因此没有做任何更改。请在那里以本人身份登录后重试。") \
	X(M_NUMBER, "That was another number", "数字不对") \
	X(M_NUMBER_TEXT, \
	  "The answer in the chat did not have the number of this page, so nobody " \
	  "was signed in. Start once more.", \
	  "聊天中的回复不是本页显示的数字，因此没有人登录。请重新开始。") \
	X(M_NO, "You said no in the chat", "你在聊天中拒绝了") \
	X(M_NO_TEXT, \
	  "Nobody was signed in. If it was a mistake, start once more.", \
	  "没有人登录。如果是误操作，请重新开始。") \
	X(M_STOPPED, "This address does not want to be asked", "此地址不接受询问") \
	X(M_STOPPED_TEXT, \
	  "Somebody answered STOP there. To allow it again, send START from that " \
	  "chat address to the drive.", \
	  "那里有人回复了 STOP。若要重新允许，请从该聊天地址向网盘发送 START。") \
	X(M_BOUNCED, "The message did not arrive", "消息未能送达") \
	X(M_BOUNCED_TEXT, \
	  "There is no {1}, or its server does not take messages from this drive. " \
	  "Check the address.", \
	  "{1} 不存在，或其服务器不接受本网盘的消息。请检查地址。") \
	X(M_RATE, "Too many tries", "尝试次数过多") \
	X(M_RATE_TEXT, \
	  "For safety the drive takes no more of them for now. Try again in a few " \
	  "minutes.", \
	  "为了安全，网盘暂时不再接受尝试。请过几分钟再试。") \
	X(M_HTTP, "This connection is not safe", "此连接不安全") \
	X(M_HTTP_TEXT, \
	  "Whoever is on the way could read your sign-in. This drive signs people in " \
	  "over https only. Its operator can give it a certificate or put a proxy " \
	  "with TLS before it, and set public_url.", \
	  "网络途中的任何人都可能读取你的登录信息，因此本网盘只通过 https 登录。管理员可以为其配置证书，或在前面放置带 TLS 的代理，并设置 " \
	  "public_url。") \
	X(M_STALE, "This page was too old", "页面已过期") \
	X(M_STALE_TEXT, \
	  "Nothing was done. Go back, load the page again and repeat it. If this " \
	  "comes again, allow cookies for this address.", \
	  "没有执行任何操作。请返回、重新载入页面后再试。如果仍然出现，请允许此地址使用 Cookie。") \
	X(SHARED_BY, "{1} shares this with you", "{1} 与你共享") \
	X(LINK_UNTIL, "open until {1}", "有效期至 {1}") \
	X(DOWNLOAD, "Download", "下载") \
	X(DOWNLOAD_ALL, "Download all", "全部下载") \
	X(DOWNLOAD_LABEL, "Download {1}", "下载 {1}") \
	X(FOLDER, "Folder", "文件夹") \
	X(SYMLINK, "Symbolic link", "符号链接") \
	X(FOLDER_UP, "Up to the folder above", "返回上级文件夹") \
	X(FOLDER_EMPTY, "This folder is empty.", "此文件夹是空的。") \
	X(FOLDER_MORE, "Show more", "显示更多") \
	X(FOLDER_LARGE, \
	  "More than {1} files and folders lie in here, too many for one ZIP file. " \
	  "Download its folders one by one.", \
	  "此文件夹内有超过 {1} 个文件和文件夹，无法打包成一个 ZIP 文件。请逐个下载其中的文件夹。") \
	X(TO_FOLDER, "To the folder", "前往文件夹") \
	X(M_ARCHIVE_LARGE, "Too many for one ZIP file", "内容过多，无法打包") \
	X(M_ARCHIVE_LARGE_TEXT, \
	  "More than {1} files and folders lie in this folder. Download the folders " \
	  "in it one by one.", \
	  "此文件夹内有超过 {1} 个文件和文件夹。请逐个下载其中的文件夹。") \
	X(M_ARCHIVE_BUSY, "Many folders are being downloaded right now", "当前正在下载的文件夹较多") \
	X(M_ARCHIVE_BUSY_TEXT, \
	  "Try again in a minute. Single files can be downloaded meanwhile.", \
	  "请一分钟后重试。其间仍可下载单个文件。") \
	X(M_LINK_GONE, "This link leads nowhere any more", "此链接已失效") \
	X(M_LINK_GONE_TEXT, \
	  "It was ended, its time is over, or what it led to was deleted. Ask whoever " \
	  "gave it to you for a new one.", \
	  "链接已被停用、已过期，或其内容已被删除。请向给你链接的人索取新的链接。") \
	X(M_NOT_FOUND, "There is nothing here", "这里什么都没有") \
	X(M_NOT_FOUND_TEXT, \
	  "The address may be mistyped, or what was here is gone.", \
	  "地址可能有误，或原来的内容已不在。") \
	X(M_BAD, "This request makes no sense", "请求无效") \
	X(M_BAD_TEXT, \
	  "The program that sent you here made a mistake, or the link was cut off. " \
	  "Start again from the program.", \
	  "把你带到这里的程序出了错，或链接不完整。请从程序重新开始。") \
	X(M_INTERNAL, "Something broke on our side", "我们这边出了问题") \
	X(M_INTERNAL_TEXT, \
	  "Nothing of yours is lost. Try again; if it stays, tell the operator of " \
	  "this drive.", \
	  "你的内容没有丢失。请重试；若仍然如此，请告知管理员。") \
	X(M_ELSEWHERE, "It opens another account already", "它已关联其他账号") \
	X(M_ELSEWHERE_TEXT, \
	  "{1} is connected to another account of this drive, so it was not " \
	  "connected to yours.", \
	  "{1} 已关联到本网盘的另一个账号，因此没有关联到你的账号。") \
	X(M_LAST_WAY, "This is your only way in", "这是你唯一的登录方式") \
	X(M_LAST_WAY_TEXT, \
	  "Connect another chat account or set a password first.", \
	  "请先关联另一个聊天账号，或设置密码。") \
	X(M_SIGNED_OUT, "You are signed out", "你已退出登录") \
	X(M_SIGNED_OUT_TEXT, \
	  "Connected devices go on working until you disconnect them.", \
	  "已连接的设备会继续工作，直到你断开它们。") \
	X(M_SIGNED_OUT_ALL_TEXT, \
	  "All devices are disconnected, and all browsers are signed out.", \
	  "所有设备均已断开，所有浏览器均已退出登录。") \
	X(M_UNLINKED_TEXT, \
	  "The way that you had come in by is removed, and all devices and browsers " \
	  "are signed out. Sign in the other way.", \
	  "你本次使用的登录方式已移除，所有设备和浏览器均已退出登录。请用其他方式登录。") \
	X(M_ALLOWED, "The device is connected", "设备已连接") \
	X(M_ALLOWED_TEXT, \
	  "{1} goes on by itself now. If it was not yours, disconnect it at once.", \
	  "{1} 现在会自动继续。如果它不是你的，请立即断开。") \
	X(M_NOT_ALLOWED, "The device was refused", "已拒绝该设备") \
	X(M_NOT_ALLOWED_TEXT, \
	  "It has got nothing. You can close this page.", \
	  "它没有得到任何东西。你可以关闭此页面。") \
	X(M_GONE, "This sign-in is no longer known", "此次登录已不存在") \
	X(M_GONE_TEXT, \
	  "The drive was restarted, or it took too long. Nobody was signed in. Start " \
	  "once more.", \
	  "网盘已重新启动，或等待时间过长。没有人登录。请重新开始。")
/* clang-format on */

typedef enum Phrase {
#define PHRASE_NAME(name, english, chinese) PHRASE_##name,
	PHRASE_LIST(PHRASE_NAME) PHRASE_LAST,
#undef PHRASE_NAME
} Phrase;

typedef enum Language {
	LANGUAGE_ENGLISH,
	LANGUAGE_CHINESE,
	LANGUAGE_LAST,
} Language;

/* Static. */
const char *phrase_text(Language language, Phrase phrase);

/* "en", "zh-CN": for the attribute lang. */
const char *phrase_language_tag(Language language);

/* What of ours an Accept-Language (RFC 9110) likes best; English if nothing or NULL. */
Language phrase_language_of(const char *accept_language);

/* From a tag as phrase_language_tag() gives it. */
bool phrase_language_from_tag(const char *tag, Language *ret_language);
